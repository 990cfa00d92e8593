using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>SECURITY.md: to connect is the only right that a listener needs.</summary>
public sealed class LeastRightsTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_role_that_may_only_connect_can_listen()
    {
        var name = $"l{Guid.NewGuid():n}";
        await ExecuteAsync(
            $"create role {name} login password 'a secret' connection limit 5",
            $"create database {name}",
            $"revoke connect on database {name} from public",
            $"grant connect on database {name} to {name}");
        var log = new FakeLogCollector();
        using (var loggers = LoggerFactory.Create(logging => logging.AddProvider(new FakeLoggerProvider(log)).AddFilter("PgListener", LogLevel.Debug)))
        {
            var received = new Received<string>();
            await using var listener = new Listener(
                $"{server.ConnectionString};Username={name};Password=a secret;Database={name}", new() { KeepAlive = TimeSpan.FromSeconds(1), LoggerFactory = loggers });
            var channel = NewChannel();
            await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
            await listener.StartAsync(Cancellation);
            listener.Listen();
            await using (var sender = NpgsqlDataSource.Create($"{server.ConnectionString};Database={name};Pooling=false"))
            {
                await using var command = sender.CreateCommand("select pg_notify($1, 'heard')");
                command.Parameters.Add(new() { Value = channel });
                await command.ExecuteNonQueryAsync(Cancellation);
            }

            Assert.Equal("heard", await received.NextAsync());

            // All it does of its own accord has been done: delivery is proven, the server's queue is looked at, and nothing was refused.
            Assert.NotNull(listener.Status.RoundTrip);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (listener.Status.QueueUsage is null)
                await look.WaitForNextTickAsync(limit.Token);
            Assert.DoesNotContain(log.GetSnapshot(), record => record.Level >= LogLevel.Warning);
        }

        await ExecuteAsync($"drop database {name}", $"drop role {name}");
    }

    private async Task ExecuteAsync(params string[] statements)
    {
        foreach (var sql in statements)
        {
            await using var command = server.Sender.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }
}
