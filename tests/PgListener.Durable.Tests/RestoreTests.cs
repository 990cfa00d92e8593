using PgListener.Durable.Log;
using PgListener.Durable.Positions;
using PgListener.Testing;

namespace PgListener.Durable.Tests;

/// <summary>A dump of the log that is restored into another cluster, where the numbers of transactions mean something else.</summary>
[Collection(nameof(QuietServer))]
public class RestoreTests(QuietServer server)
{
    private static readonly ShardKey Shard = new(1, 0);

    [Fact]
    public async Task What_was_not_handled_is_delivered_and_nothing_else()
    {
        await using var scene = await Scene.BeginAsync(server);
        await using var late = await Session.OpenAsync(scene.Old.DataSource);
        await late.BeginAsync();
        await late.PublishAsync("late"); // In progress in the first window, and committed after it.
        await scene.PublishAsync("1", "2");
        Assert.Equal(["1", "2"], await scene.HandleAsync());
        await late.CommitAsync();
        await scene.PublishAsync("3", "4", "5", "6");
        await scene.HandleSomeAsync(last: "late", done: ["4", "6"]);
        await late.BeginAsync();
        await late.PublishAsync("lost"); // In progress at the dump, and so not in it.
        await scene.PublishAsync("7");

        await scene.MoveHouseAsync();
        await scene.PublishAsync("8", "9");
        await scene.TakeAsync();
        Assert.Equal(["3", "5", "7", "8", "9"], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
        await scene.PublishAsync("10");
        await scene.TakeAsync();
        Assert.Equal(["10"], await scene.HandleAsync());
    }

    [Fact]
    public async Task Nothing_is_delivered_again_when_all_had_been_handled()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.PublishAsync("1", "2");
        await scene.HandleAsync();

        await scene.MoveHouseAsync();
        await scene.TakeAsync();
        Assert.Equal([], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
        await scene.PublishAsync("3");
        Assert.Equal(["3"], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
    }

    [Fact]
    public async Task What_follows_the_last_message_left_is_not_delivered_again()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.PublishAsync("1", "2", "3");
        await scene.HandleSomeAsync(last: "1", done: ["3"]);

        await scene.MoveHouseAsync();
        await scene.TakeAsync();
        Assert.Equal(["2"], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
    }

    [Fact]
    public async Task A_walk_through_what_was_left_goes_on_after_a_crash()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.PublishAsync("1", "2", "3", "4");
        await scene.HandleSomeAsync(last: "1", done: ["3"]);

        await scene.MoveHouseAsync();
        await scene.PublishAsync("5", "6");
        await scene.TakeAsync();
        await scene.HandleSomeAsync(last: "2", done: ["5"]);
        await scene.TakeAsync(); // Another process.
        Assert.Equal(["4", "6"], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
    }

    [Fact]
    public async Task A_new_subscription_gets_everything_that_was_restored()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.PublishAsync("1", "2");
        await scene.HandleAsync();

        await scene.MoveHouseAsync();
        await scene.PublishAsync("3");
        await scene.BeginAgainAsync();
        Assert.Equal(["1", "2", "3"], await scene.HandleAsync());
        Assert.Equal([], await scene.HandleAsync());
    }

    /// <summary>A subscription in a cluster, and after its move in another one.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly QuietServer _server;
        private HeldPosition? _held;
        private LogPosition _position = LogPosition.Beginning;
        private LogDatabase _database;
        private EphemeralPostgres? _newServer;
        private long _base;

        private Scene(QuietServer server, LogDatabase old)
        {
            _server = server;
            _database = Old = old;
        }

        public LogDatabase Old { get; }

        public static async Task<Scene> BeginAsync(QuietServer server)
        {
            Assert.SkipUnless(server.Server.Source.Contains("binaries in", StringComparison.Ordinal), "The server's programs are not on this machine.");
            var scene = new Scene(server, await server.CreateLogAsync());
            // So that the numbers of the old cluster are above those of the new one.
            for (var i = 0; i < 200; i++)
                await scene.Old.QueryAsync<string>("select pg_current_xact_id()::text");
            await scene.BeginAgainAsync();
            return scene;
        }

        /// <summary>Begins with the oldest message.</summary>
        public async Task BeginAgainAsync()
        {
            await _database.ExecuteAsync(
                "delete from pglistener.position; "
                + "insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) select 1, 0, 0, system_identifier, '1:1:', 0, 'test' from pg_control_system()");
            await TakeAsync();
        }

        public async Task PublishAsync(params string[] payloads)
        {
            foreach (var payload in payloads)
                await _database.ExecuteAsync($"select pglistener.publish('a', '{payload}')");
        }

        /// <summary>Takes the position over, as another process does.</summary>
        public async Task TakeAsync()
        {
            _held?.Dispose();
            var system = await _database.QueryAsync<long>("select system_identifier from pg_control_system()");
            _held = await HeldPosition.TakeAsync(_database.DataSource, Shard, system, "test", TestContext.Current.CancellationToken);
            _position = _held!.Start;
        }

        /// <summary>Handles a window, page by page.</summary>
        public async Task<List<string>> HandleAsync()
        {
            var handled = new List<string>();
            LogPage page;
            do
            {
                page = await ReadAsync(limit: 2);
                handled.AddRange(page.Messages.Where(message => !_position.Done.Contains(message.Id)).Select(message => message.Payload));
                await MoveAsync(page.After(_position) is { Upto: not null } within ? within with { Done = [.. _position.Done.Where(id => id > within.LastId)] } : page.After(_position));
            }
            while (!page.IsLast);

            return handled;
        }

        /// <summary>Handles a part of a window.</summary>
        public async Task HandleSomeAsync(string last, params string[] done)
        {
            var page = await ReadAsync(limit: 100);
            long IdOf(string payload) => page.Messages.Single(message => message.Payload == payload).Id;
            await MoveAsync(_position.Within(page.Upto, IdOf(last), [.. done.Select(IdOf)]));
        }

        /// <summary>Dumps the database, and restores it in a new cluster.</summary>
        public async Task MoveHouseAsync()
        {
            _newServer = await House.MoveAsync(_server.Server, Old.ConnectionString);
            _database = LogDatabase.Of(_newServer.ConnectionString);
            await _database.ExecuteAsync(
                "insert into pglistener.cluster (system, base) select system_identifier, (select coalesce(max(id), 0) from pglistener.message) from pg_control_system()");
            _base = await _database.QueryAsync<long>("select base from pglistener.cluster order by n desc limit 1");
        }

        public async ValueTask DisposeAsync()
        {
            _held?.Dispose();
            await _database.DisposeAsync();
            await Old.DisposeAsync();
            if (_newServer is not null)
                await _newServer.DisposeAsync();
        }

        private async Task<LogPage> ReadAsync(int limit)
        {
            await using var connection = await _database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
            return await LogReader.ReadAsync(connection, new("a"), _position, _base, limit, 1_000, TestContext.Current.CancellationToken);
        }

        private async Task MoveAsync(LogPosition next)
        {
            await _held!.MoveAsync(next, [], TestContext.Current.CancellationToken);
            _position = next;
        }
    }
}
