using Npgsql;
using PgListener.Durable.Membership;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Membership;

/// <summary>Where the coordination's connection comes from, and what wakes it.</summary>
public class ConnectionTests(ServerFixture server)
{
    [Fact]
    public async Task A_pooled_connection_goes_back_without_locks_and_settings()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var pool = new NpgsqlSlimDataSourceBuilder(database.ConnectionString + ";Maximum Pool Size=1").Build();
        await using (var instance = new MemberInstance(database.ConnectionString, dataSource: pool, subscriptions: [MemberInstance.Handler("a", shards: 2)]))
        {
            await LockTable.UntilAsync(() => instance.Runner.Running.Count == 2, "the runs");
            await instance.StopAsync();
        }

        var table = await LockTable.ReadAsync(database.DataSource);
        Assert.Empty(table.Holders);
        Assert.Empty(table.Members);
        await using var command = pool.CreateCommand("select current_setting('idle_session_timeout')");
        Assert.Equal("0", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_pooler_in_transaction_mode_is_named()
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        await using var database = await LogDatabase.CreateAsync(server);
        await using var pooler = await PgBouncer.StartAsync(database.ConnectionString, "transaction");
        await using var other = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(pooler.ConnectionString) { Pooling = false, NoResetOnClose = true }.ConnectionString);
        await using var instance = new MemberInstance(new NpgsqlConnectionStringBuilder(pooler.ConnectionString).ConnectionString);
        await LockTable.UntilAsync(() => !instance.Runner.All.IsEmpty || instance.Warnings.Count > 0, "the first run");

        // Other clients of the pooler get the session whose locks those are: the first, unless that session is just being used.
        var connections = new List<NpgsqlConnection>();
        while (!instance.Warnings.Any(line => line.Contains("A pooler between this process and the server", StringComparison.Ordinal)))
        {
            Assert.InRange(connections.Count, 0, 15);
            connections.Add(await other.OpenConnectionAsync(TestContext.Current.CancellationToken));
            await using var command = new NpgsqlCommand("begin; select 1", connections[^1]);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken); // A look follows within that time.
        }

        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task A_notification_on_the_channel_causes_a_look()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var woken = new Recorder();
        await using var listener = new Listener(database.ConnectionString, new ListenerOptions { ChannelPrefix = "p_" });
        ChannelWakeUps.Subscribe(listener, [MemberInstance.Handler("p_a") with { LogicalChannel = "a" }, MemberInstance.Handler("p_a", name: "h2") with { LogicalChannel = "a" }], woken);

        await listener.StartAsync(TestContext.Current.CancellationToken);
        listener.Listen();
        await LockTable.UntilAsync(() => woken.Count >= 1, "the wake-up of the start");
        var before = woken.Count;

        await database.ExecuteAsync("notify p_a");
        await LockTable.UntilAsync(() => woken.Count > before, "the wake-up of the notification");
        Assert.Equal("p_a", woken.Channel);
    }

    private sealed class Recorder : IWakeUps
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public string? Channel { get; private set; }

        public void Wake(string channel)
        {
            Channel = channel;
            Interlocked.Increment(ref _count);
        }
    }
}
