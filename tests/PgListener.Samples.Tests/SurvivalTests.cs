using System.Diagnostics;
using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

/// <summary>A sample whose database is not there when it starts, or dies while it runs.</summary>
public sealed class SurvivalTests
{
    private const string ListenerIsThere = "select exists (select from pg_stat_activity where application_name = 'PgListener')";

    [Theory]
    [InlineData("Chat", "messages")]
    [InlineData("Cache", "products")]
    [InlineData("Worker", "jobs")]
    [InlineData("Relay", "pglistener.message")]
    public async Task It_starts_without_its_database_and_works_as_soon_as_that_is_there(string name, string table)
    {
        SkipIfOnlyOneServerIsAllowed();
        await using var server = await EphemeralPostgres.LaunchAsync(cancellationToken: TestContext.Current.CancellationToken);
        await server.StopAsync(TestContext.Current.CancellationToken);
        using var sample = SampleProcess.Start(name, server.ConnectionString, "--urls", "http://127.0.0.1:0");
        await sample.ReadUntilAsync("Application started");

        await server.StartAsync(TestContext.Current.CancellationToken);

        await UntilAsync(server.ConnectionString, ListenerIsThere);
        await UntilAsync(server.ConnectionString, $"select to_regclass('{table}') is not null");
        await sample.BeginToStopAsync();
        Assert.Equal(0, await sample.ExitCodeAsync());
    }

    [Theory]
    [InlineData("Chat")]
    [InlineData("Cache")]
    [InlineData("Worker")]
    public async Task The_database_of_its_own_is_started_again_when_it_dies(string name)
    {
        SkipIfOnlyOneServerIsAllowed();
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no signal that asks a process to end.");
        using var sample = SampleProcess.Start(name, connectionString: null, "--urls", "http://127.0.0.1:0");

        // The server may have to be downloaded first.
        var connectionString = (await sample.ReadUntilAsync("^Started PostgreSQL .*, (Host=.*)$", TimeSpan.FromMinutes(5))).Groups[1].Value;
        await sample.ReadUntilAsync("Listening to ");
        await KillAsync(connectionString);

        await sample.ReadUntilAsync("was started again");
        await UntilAsync(connectionString, ListenerIsThere);
        await sample.BeginToStopAsync();
        Assert.Equal(0, await sample.ExitCodeAsync());
    }

    private static void SkipIfOnlyOneServerIsAllowed()
        => Assert.SkipWhen(Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 }, "PGLISTENER_TEST_DB names a server, so there may be no other.");

    /// <summary>Kills the server as a crash would. A server in a container has no process of this machine.</summary>
    private static async Task KillAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await using var command = source.CreateCommand("show data_directory");
        var file = Path.Combine((string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, "postmaster.pid");
        Assert.SkipUnless(File.Exists(file), "The server runs in a container.");
        using var kill = Process.Start("kill", ["-KILL", (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken))[0]]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task UntilAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await Eventually.GetAsync(
            async () =>
            {
                await using var command = source.CreateCommand(sql);
                return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            },
            isThere => isThere);
    }
}
