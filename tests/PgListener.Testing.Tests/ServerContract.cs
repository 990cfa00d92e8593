using System.Diagnostics;
using Npgsql;

namespace PgListener.Testing.Tests;

/// <summary>What every kind of server does in the same way.</summary>
public abstract class ServerContract
{
    private protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortLimit = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Nobody_gets_in_without_the_password()
    {
        await using var server = await LaunchAsync();
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false };
        Assert.True(settings.Password!.Length >= 32, "It can be guessed.");

        settings.Password = "postgres";
        Assert.Equal(PostgresErrorCodes.InvalidPassword, (await Assert.ThrowsAsync<PostgresException>(() => OpenAsync(settings))).SqlState);
        settings.Password = null;
        await Assert.ThrowsAsync<NpgsqlException>(() => OpenAsync(settings));

        Assert.Equal("scram-sha-256", await Sql.AskAsync(server, "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"));
        Assert.Equal(1L, await Sql.AskAsync(server, "SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'"));
        await using var second = await LaunchAsync();
        Assert.NotEqual(new NpgsqlConnectionStringBuilder(server.ConnectionString).Password, new NpgsqlConnectionStringBuilder(second.ConnectionString).Password);
    }

    [Fact]
    public async Task The_password_is_not_on_a_command_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux shows command lines in /proc.");
        var password = "";
        using var ended = new CancellationTokenSource();
        var lines = Task.Run(() =>
        {
            HashSet<string> seen = [];
            while (!ended.IsCancellationRequested)
                seen.UnionWith(Directory.GetDirectories("/proc", "?*").Select(CommandLine));
            return seen;
        }, Sql.Token);
        await using (var server = await LaunchAsync())
        {
            password = new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!;
            await server.RestartAsync(Sql.Token);
            if (CanHaveStandby)
                await (await server.LaunchStandbyAsync(Sql.Token)).DisposeAsync();
        }

        await ended.CancelAsync();
        Assert.DoesNotContain(await lines, line => line.Contains(password, StringComparison.Ordinal));

        static string CommandLine(string process)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_starts_after_a_stop_that_did_not_come_to_its_end(bool onlyOneConnection)
    {
        await using var server = await LaunchAsync();
        await Sql.AskAsync(server, "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 42 AS answer");
        await using var connection = await Sql.OpenAsync(server);
        await server.PauseAsync(onlyOneConnection ? connection.ProcessID : null, Sql.Token);
        using (var limit = new CancellationTokenSource(ShortLimit))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.StopAsync(limit.Token));

        await server.StartAsync(Sql.Token);

        Assert.Equal(42, await Sql.AskAsync(server, "SELECT answer FROM kept"));
        await server.StopAsync(Sql.Token);
        await server.StartAsync(Sql.Token);
        Assert.Equal(42, await Sql.AskAsync(server, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task A_stop_that_ends_late_does_not_end_the_server_that_was_started_since()
    {
        await using var server = await LaunchAsync();
        await server.PauseAsync(cancellationToken: Sql.Token);
        using (var limit = new CancellationTokenSource(ShortLimit))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.StopAsync(limit.Token));
        await server.ResumeAsync(cancellationToken: Sql.Token);

        await server.StartAsync(Sql.Token);

        await using var connection = await Sql.OpenAsync(server);
        Assert.Equal(1, await Sql.AskAsync(connection, "SELECT 1"));
        await server.StopAsync(Sql.Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.AskAsync(connection, "SELECT 1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pausing_twice_is_pausing_once(bool onlyOneConnection)
    {
        await using var server = await LaunchAsync();
        await using var connection = await Sql.OpenAsync(server);
        int? process = onlyOneConnection ? connection.ProcessID : null;

        await server.PauseAsync(process, Sql.Token);
        await server.PauseAsync(process, Sql.Token);
        var answer = Sql.AskAsync(connection, "SELECT 1");
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(ShortLimit, Sql.Token));
        await server.ResumeAsync(process, Sql.Token);

        Assert.Equal(1, await answer.WaitAsync(Limit, Sql.Token));
        await server.ResumeAsync(process, Sql.Token);
        Assert.Equal(2, await Sql.AskAsync(server, "SELECT 2"));
    }

    [Fact]
    public async Task A_process_of_somebody_else_is_left_alone()
    {
        await using var server = await LaunchAsync();
        await using var neighbour = await LaunchAsync();
        await using var connection = await Sql.OpenAsync(neighbour);
        using var stranger = Process.Start("sleep", ["600"]);
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync(Sql.Token);

        int[] ofThisMachine = SharesProcesses ? [stranger.Id, connection.ProcessID, ended.Id, Environment.ProcessId] : [];
        foreach (var process in (int[])[.. ofThisMachine, 1, 0, -1, int.MaxValue])
        {
            var refusal = await Assert.ThrowsAsync<EphemeralPostgresException>(() => server.PauseAsync(process, Sql.Token));
            Assert.Contains($"Process {process} is not one of this server.", refusal.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<EphemeralPostgresException>(() => server.ResumeAsync(process, Sql.Token));
        }

        Assert.Contains(") S ", await File.ReadAllTextAsync($"/proc/{stranger.Id}/stat", Sql.Token), StringComparison.Ordinal);
        Assert.Equal(1, await Sql.AskAsync(connection, "SELECT 1").WaitAsync(Limit, Sql.Token));
        stranger.Kill();
        await stranger.WaitForExitAsync(Sql.Token);
    }

    [Fact]
    public async Task A_stopped_server_cannot_be_paused_nor_followed()
    {
        await using var server = await LaunchAsync();
        await server.StopAsync(Sql.Token);

        await Assert.ThrowsAsync<InvalidOperationException>(() => server.PauseAsync(cancellationToken: Sql.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.PauseAsync(Environment.ProcessId, Sql.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.ResumeAsync(cancellationToken: Sql.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.LaunchStandbyAsync(Sql.Token));
        await server.StopAsync(Sql.Token);
        await server.KillAsync(Sql.Token);
    }

    [Fact]
    public async Task A_paused_server_cannot_be_followed()
    {
        await using var server = await LaunchAsync();
        await server.PauseAsync(cancellationToken: Sql.Token);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => server.LaunchStandbyAsync(Sql.Token));

        Assert.Contains("The server is paused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_follows_or_is_refused()
    {
        await using var server = await LaunchAsync();
        if (!CanHaveStandby)
        {
            await Assert.ThrowsAsync<NotSupportedException>(() => server.LaunchStandbyAsync(Sql.Token));
            return;
        }

        await Sql.AskAsync(server, "CREATE TABLE followed AS SELECT 42 AS answer");
        await using var standby = await server.LaunchStandbyAsync(Sql.Token);
        Assert.Equal(42, await Sql.AskAsync(standby, "SELECT answer FROM followed"));
        Assert.Equal("streaming", await Sql.UntilAsync(server, "SELECT state FROM pg_stat_replication", "streaming"));
        await Sql.AskAsync(standby, "SELECT pg_promote(true, 30)");
        await Sql.AskAsync(standby, "CREATE TABLE of_its_own ()");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kill_waits_for_the_end_of_every_process(bool paused)
    {
        await using var server = await LaunchAsync();
        for (var round = 0; round < 3; round++)
        {
            await using var connection = await Sql.OpenAsync(server);
            if (paused)
                await server.PauseAsync(cancellationToken: Sql.Token);

            await server.KillAsync(Sql.Token);

            Assert.False(SharesProcesses && Sql.IsAlive(connection.ProcessID));
            await server.StartAsync(Sql.Token);
            Assert.Equal(1, await Sql.AskAsync(server, "SELECT 1"));
        }
    }

    [Fact]
    public async Task Stop_and_start_keep_the_data_the_port_and_the_password()
    {
        await using var server = await LaunchAsync();
        var connectionString = server.ConnectionString;
        await Sql.AskAsync(server, "CREATE TABLE kept AS SELECT 42 AS answer");

        await server.StopAsync(Sql.Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.OpenAsync(server));
        await server.StartAsync(Sql.Token);
        await server.StartAsync(Sql.Token);

        Assert.Equal(connectionString, server.ConnectionString);
        Assert.Equal(42, await Sql.AskAsync(server, "SELECT answer FROM kept"));
    }

    private protected abstract bool CanHaveStandby { get; }

    /// <summary>Whether its processes have the same numbers for the server and for this test.</summary>
    private protected virtual bool SharesProcesses => true;

    private protected abstract Task<EphemeralPostgres> LaunchAsync();

    private static async Task OpenAsync(NpgsqlConnectionStringBuilder settings)
    {
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(Sql.Token);
    }
}
