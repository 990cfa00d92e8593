using System.Runtime.CompilerServices;
using Npgsql;
using PgListener.TestServer;

[assembly: AssemblyFixture(typeof(PgListener.IntegrationTests.ServerFixture))]

namespace PgListener.IntegrationTests;

/// <summary>The server that the tests share, and a pool of connections to send from.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private ITestServer? _server;
    private NpgsqlDataSource? _sender;

    public string ConnectionString => _server!.ConnectionString;

    /// <summary>The password in it, for roles that connect with the rest of it.</summary>
    public string Password => new NpgsqlConnectionStringBuilder(ConnectionString).Password ?? "";

    public NpgsqlDataSource Sender => _sender!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServers.StartAsync();
        _sender = NpgsqlDataSource.Create(_server.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _sender!.DisposeAsync();
        await _server!.DisposeAsync();
    }

    /// <summary>A channel name that no other test uses.</summary>
    public static string NewChannel([CallerMemberName] string test = "") => $"{test[..Math.Min(test.Length, 24)]}_{Guid.NewGuid():n}"[..Math.Min(test.Length + 17, 41)];

    public async Task NotifyAsync(string channel, params string[] payloads)
    {
        foreach (var payload in payloads)
        {
            await using var command = Sender.CreateCommand("select pg_notify($1, $2)");
            command.Parameters.Add(new() { Value = channel });
            command.Parameters.Add(new() { Value = payload });
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends a listener's server session, as an administrator or a failover would.</summary>
    public async Task TerminateAsync(Listener listener) => await TerminateAsync(listener.Connection.ProcessID);

    public async Task TerminateAsync(int processId)
    {
        await using var command = Sender.CreateCommand("select pg_terminate_backend($1)");
        command.Parameters.Add(new() { Value = processId });
        Assert.Equal(true, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    public async Task<long> CountSessionsAsync(string applicationName)
    {
        await using var command = Sender.CreateCommand("select count(*) from pg_stat_activity where application_name = $1");
        command.Parameters.Add(new() { Value = applicationName });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
