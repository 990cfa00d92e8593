using Npgsql;
using PgListener.Testing;

namespace PgListener.Chaos.Faults;

/// <summary>What can happen to a server and its processes.</summary>
internal sealed class ServerFaults(EphemeralPostgres server, IReadOnlyList<Subject> subjects)
{
    private static readonly TimeSpan ConnectionWait = TimeSpan.FromSeconds(3);

    private readonly string _direct = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false, ApplicationName = "chaos" }.ConnectionString;

    /// <summary>Does it, and heals it where it does not heal by itself.</summary>
    /// <returns>What was done; <see langword="null"/> if there was nothing to do it to.</returns>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var subject = random.Of(subjects);
        switch (kind)
        {
            case FaultKind.Kill:
                await server.KillAsync();
                await Task.Delay(random.Milliseconds(0, 1500));
                await server.StartAsync();
                return "";
            case FaultKind.Restart:
                await server.StopAsync();
                await Task.Delay(random.Milliseconds(0, 1500));
                await server.StartAsync();
                return "";
        }

        if (await ListeningProcessAsync(subject) is not { } process)
            return null;

        switch (kind)
        {
            case FaultKind.TerminateListening:
                return await TerminateAsync("pid = $1", process) > 0 ? $"{subject.Name}, process {process}" : null;
            case FaultKind.TerminateWaking:
                return $"{subject.Name}: {await TerminateAsync($"application_name = '{subject.ApplicationName}' and pid <> $1", process)} connection(s)";
            case FaultKind.PauseShort:
                return await PauseAsync(subject, process, random.Between(TimeSpan.FromMilliseconds(100), Settings.DetectionLimit * 0.75));
            case FaultKind.PauseLong:
                return await PauseAsync(subject, process, random.Between(Settings.DetectionLimit * 1.25, Settings.DetectionLimit * 2));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    private async Task<string?> PauseAsync(Subject subject, int process, TimeSpan time)
    {
        try
        {
            await server.PauseAsync(process);
        }
        catch (EphemeralPostgresException)
        {
            // Its connection has ended since.
            return null;
        }

        await Task.Delay(time);
        await server.ResumeAsync(process);
        return $"{subject.Name}, process {process}, {time.TotalSeconds:0.0} s";
    }

    private async Task<long> TerminateAsync(string which, int process)
    {
        await using var dataSource = NpgsqlDataSource.Create(_direct);
        await using var command = dataSource.CreateCommand($"select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity where {which}) as terminated");
        command.Parameters.Add(new() { Value = process });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<int?> ListeningProcessAsync(Subject subject)
    {
        using var limit = new CancellationTokenSource(ConnectionWait);
        while (!limit.IsCancellationRequested)
        {
            if (subject.ListeningProcess is { } process)
                return process;
            await Task.Delay(10, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }
}
