using PgListener.Chaos.Subjects;
using PgListener.Testing;

namespace PgListener.Chaos.Faults;

/// <summary>What can happen to a server and its processes.</summary>
internal sealed class ServerFaults(EphemeralPostgres server, ChaosDatabase database, IReadOnlyList<Subject> subjects)
{
    private static readonly TimeSpan ConnectionWait = TimeSpan.FromSeconds(3);

    /// <summary>Does it, and heals it where it does not heal by itself.</summary>
    /// <returns>What was done; <see langword="null"/> if there was nothing to do it to.</returns>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                await server.KillAsync();
                await Task.Delay(random.Milliseconds(0, 1500));
                await server.StartAsync();
                return "";
            case FaultKind.Restart:
                return await RestartAsync(random);
            case FaultKind.RestartUnderPool:
                await Task.WhenAll(subjects.Select(FillPoolAsync));
                return await RestartAsync(random);
        }

        var subject = random.Of(subjects);
        if (await ListeningProcessAsync(subject) is not { } process)
            return null;

        switch (kind)
        {
            case FaultKind.TerminateListening:
                return await database.CutAsync(subject, process) ? $"{subject.Name}, process {process}" : null;
            case FaultKind.TerminateWaking:
                return $"{subject.Name}: {await database.TerminateAsync($"usename = '{subject.Role}' and pid <> {process}")} connection(s)";
            case FaultKind.PauseShort:
                return await PauseAsync(subject, process, random.Between(TimeSpan.FromMilliseconds(100), Settings.DetectionLimit * 0.75));
            case FaultKind.PauseLong:
                return await PauseAsync(subject, process, random.Between(Settings.DetectionLimit * 1.25, Settings.DetectionLimit * 2));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    /// <summary>The server process of the connection that listens, once there is one; <see langword="null"/> if that takes too long.</summary>
    public static async Task<int?> ListeningProcessAsync(Subject subject)
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

    private async Task<string> RestartAsync(Random random)
    {
        await server.StopAsync();
        await Task.Delay(random.Milliseconds(0, 1500));
        await server.StartAsync();
        return "";
    }

    /// <summary>Has a listener use its second connection, so that its pool holds one which the restart makes worthless.</summary>
    private static async Task FillPoolAsync(Subject subject)
    {
        // If it has no connection at the moment, it proves the next one with its second one anyway.
        using var limit = new CancellationTokenSource(ConnectionWait);
        await subject.ComeAndGoAsync("pool", limit.Token);
    }

    private async Task<string?> PauseAsync(Subject subject, int process, TimeSpan time)
    {
        try
        {
            await server.PauseAsync(process);
            await Task.Delay(time);
            await server.ResumeAsync(process);
            return $"{subject.Name}, process {process}, {time.TotalSeconds:0.0} s";
        }
        catch (EphemeralPostgresException)
        {
            // Its connection has ended since. It may have been ending already when it was paused.
            return null;
        }
    }
}
