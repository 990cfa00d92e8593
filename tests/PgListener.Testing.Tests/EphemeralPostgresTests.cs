using System.Globalization;
using Npgsql;

namespace PgListener.Testing.Tests;

public sealed class EphemeralPostgresTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_starts_and_answers()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        output.WriteLine($"{postgres.Source} in {watch.ElapsedMilliseconds} ms");

        Assert.Equal("postgres", await Sql.AskAsync(postgres, "SELECT current_user"));
        Assert.Equal("off", await Sql.AskAsync(postgres, "SHOW fsync"));
        Assert.Equal("200", await Sql.AskAsync(postgres, "SHOW max_connections"));
        Assert.Equal("UTF8", await Sql.AskAsync(postgres, "SHOW server_encoding"));
        Assert.StartsWith($"PostgreSQL {postgres.Version} (", postgres.Source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_win_over_the_defaults()
    {
        await using var postgres = await EphemeralPostgres.LaunchAsync(
            new() { ServerSettings = { ["max_connections"] = "17", ["application_name"] = "with 'quotes' and spaces" } },
            Sql.Token);

        Assert.Equal("17", await Sql.AskAsync(postgres, "SHOW max_connections"));
        Assert.Equal("with 'quotes' and spaces", await Sql.AskAsync(postgres, "SHOW application_name"));
    }

    [Fact]
    public async Task Two_at_once_are_independent()
    {
        var both = await Task.WhenAll(EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token), EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token));
        await using var one = both[0];
        await using var other = both[1];

        await Sql.AskAsync(one, "CREATE TABLE only_here ()");
        await one.StopAsync(Sql.Token);

        Assert.NotEqual(one.Port, other.Port);
        Assert.Equal(DBNull.Value, await Sql.AskAsync(other, "SELECT to_regclass('only_here')::text"));
    }

    [Fact]
    public async Task Dispose_leaves_no_process_and_no_folder()
    {
        using var temp = new TempFolder();
        var postgres = await EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = temp }, Sql.Token);
        await using var connection = await Sql.OpenAsync(postgres);
        int[] processes = [postgres.ProcessId!.Value, connection.ProcessID];
        Assert.All(processes, id => Assert.True(Sql.IsAlive(id)));
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(temp));

        await postgres.DisposeAsync();

        Assert.All(processes, id => Assert.False(Sql.IsAlive(id)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
        await postgres.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => postgres.StartAsync(Sql.Token));
    }

    [Fact]
    public async Task Stop_and_start_keep_the_data_and_the_port()
    {
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        var connectionString = postgres.ConnectionString;
        await Sql.AskAsync(postgres, "CREATE TABLE kept AS SELECT 42 AS answer");

        await postgres.StopAsync(Sql.Token);
        Assert.Null(postgres.ProcessId);
        await Assert.ThrowsAsync<NpgsqlException>(() => Sql.OpenAsync(postgres));
        await postgres.StopAsync(Sql.Token);

        await postgres.StartAsync(Sql.Token);
        await postgres.StartAsync(Sql.Token);
        Assert.Equal(connectionString, postgres.ConnectionString);
        Assert.Equal(42, await Sql.AskAsync(postgres, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task Kill_breaks_connections_and_start_recovers()
    {
        await using var postgres = await EphemeralPostgres.LaunchAsync(
            new() { ServerSettings = { ["synchronous_commit"] = "on" } },
            Sql.Token);
        await using var connection = await Sql.OpenAsync(postgres);
        await Sql.AskAsync(connection, "CREATE TABLE kept AS SELECT 42 AS answer");
        var first = postgres.ProcessId!.Value;

        await postgres.KillAsync(Sql.Token);
        Assert.False(Sql.IsAlive(first));
        Assert.False(Sql.IsAlive(connection.ProcessID));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.AskAsync(connection, "SELECT 1"));

        await postgres.StartAsync(Sql.Token);
        Assert.NotEqual(first, postgres.ProcessId);
        Assert.Equal(42, await Sql.AskAsync(postgres, "SELECT answer FROM kept"));
        Assert.Contains("was not properly shut down", await postgres.Control.Server.ReadLogAsync(Sql.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_server_leaves_no_shared_memory_once_it_is_disposed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux lists its shared memory in /proc.");
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        var id = PostmasterFile.Read(((LocalServer)postgres.Control.Server).DataFolder)!.SharedMemoryId!.Value;
        Assert.True(IsListed());

        await postgres.KillAsync(Sql.Token);
        Assert.True(IsListed());
        await postgres.DisposeAsync();

        Assert.False(IsListed());

        bool IsListed() => File.ReadLines("/proc/sysvipc/shm").Skip(1)
            .Any(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) == id);
    }

    [Fact]
    public async Task Restart_ends_connections_and_keeps_the_port()
    {
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        await using var connection = await Sql.OpenAsync(postgres);
        var (port, processId) = (postgres.Port, postgres.ProcessId);

        await postgres.RestartAsync(Sql.Token);

        Assert.Equal(port, postgres.Port);
        Assert.NotEqual(processId, postgres.ProcessId);
        var end = await Assert.ThrowsAsync<PostgresException>(() => Sql.AskAsync(connection, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.AdminShutdown, end.SqlState);
        Assert.Equal(1, await Sql.AskAsync(postgres, "SELECT 1"));
    }

    [Fact]
    public async Task A_paused_server_answers_after_it_is_resumed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows cannot pause a process.");
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        await using var connection = await Sql.OpenAsync(postgres);

        await postgres.PauseAsync(cancellationToken: Sql.Token);
        var old = Sql.AskAsync(connection, "SELECT 1");
        var fresh = Sql.AskAsync(postgres, "SELECT 2");
        await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAny(old, fresh).WaitAsync(TimeSpan.FromMilliseconds(300), Sql.Token));

        await postgres.ResumeAsync(cancellationToken: Sql.Token);
        Assert.Equal(1, await old.WaitAsync(Limit, Sql.Token));
        Assert.Equal(2, await fresh.WaitAsync(Limit, Sql.Token));
    }

    [Fact]
    public async Task A_paused_backend_holds_up_only_its_own_connection_and_dispose_ends_it_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows cannot pause a process.");
        await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        await using var connection = await Sql.OpenAsync(postgres);
        var backend = connection.ProcessID;

        await postgres.PauseAsync(backend, Sql.Token);
        var held = Sql.AskAsync(connection, "SELECT 1");
        Assert.Equal(2, await Sql.AskAsync(postgres, "SELECT 2"));
        Assert.False(held.IsCompleted);

        await postgres.DisposeAsync();
        Assert.False(Sql.IsAlive(backend));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => held.WaitAsync(Limit, Sql.Token));
    }

    [Fact]
    public async Task A_failed_start_shows_the_log_and_leaves_nothing()
    {
        using var temp = new TempFolder();
        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { ServerSettings = { ["max_connections"] = "many" } },
            Machine.Current with { TempFolder = temp },
            Sql.Token));

        Assert.Contains("invalid value for parameter \"max_connections\"", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
    }

    [Fact]
    public async Task A_start_that_takes_too_long_is_given_up_and_leaves_nothing()
    {
        using var temp = new TempFolder();
        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { StartTimeout = TimeSpan.FromMilliseconds(50) },
            Machine.Current with { TempFolder = temp },
            Sql.Token));

        Assert.Contains("took longer than 0.05 s", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
    }

    [Fact]
    public async Task A_cancelled_start_leaves_nothing()
    {
        using var temp = new TempFolder();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Sql.Token);
        cancelled.CancelAfter(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => EphemeralPostgres.LaunchAsync(
            new(), Machine.Current with { TempFolder = temp }, cancelled.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
    }

    [Fact]
    public async Task A_port_that_somebody_else_has_is_not_taken_for_ours()
    {
        await using var somebodyElse = await EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
        var server = (LocalServer)await ServerFinder.FindAsync(new() { Sources = PostgresSources.Installed }, Machine.Current, Sql.Token);
        await using var postgres = new EphemeralPostgres(new(server, Limit) { Port = somebodyElse.Port });

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => postgres.StartAsync(Sql.Token));

        Assert.True(failure.PortTaken);
    }

    [Theory]
    [InlineData("port")]
    [InlineData("Listen_Addresses")]
    public async Task A_setting_of_our_own_is_refused(string name)
    {
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => EphemeralPostgres.LaunchAsync(new() { ServerSettings = { [name] = "1" } }, Sql.Token));
        Assert.Contains(name, failure.Message, StringComparison.OrdinalIgnoreCase);
    }
}
