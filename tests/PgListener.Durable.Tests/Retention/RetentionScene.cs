using System.Globalization;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Retention;

namespace PgListener.Durable.Tests.Retention;

/// <summary>A log with messages of past days, and one that keeps it.</summary>
internal sealed class RetentionScene : IAsyncDisposable
{
    private RetentionScene(LogDatabase database, Cluster cluster, NpgsqlDataSource? role)
    {
        Database = database;
        Cluster = cluster;
        Role = role;
        Keeper = CreateKeeper();
    }

    public LogDatabase Database { get; }

    public Cluster Cluster { get; }

    public FakeLogger Log { get; } = new();

    public LogKeeper Keeper { get; }

    private NpgsqlDataSource? Role { get; }

    /// <summary>Creates a log.</summary>
    /// <param name="server">Where.</param>
    /// <param name="isReader">Whether it is kept by a role that has the rights of a reader only.</param>
    public static async Task<RetentionScene> CreateAsync(ServerFixture server, bool isReader = false)
    {
        var database = await LogDatabase.CreateAsync(server);
        return await CreateAsync(database, isReader);
    }

    /// <summary>Uses a log that there is.</summary>
    public static async Task<RetentionScene> CreateAsync(LogDatabase database, bool isReader = false)
    {
        return new(database, new(await database.QueryAsync<long>("select system_identifier from pg_control_system()"), 0), isReader ? await ReaderRole.CreateAsync(database) : null);
    }

    public LogKeeper CreateKeeper() => new(Role ?? Database.DataSource, TimeSpan.FromDays(7), TimeProvider.System, Log);

    /// <summary>Does one round.</summary>
    public Task<bool> KeepOnceAsync() => Keeper.KeepAsync(Cluster, TestContext.Current.CancellationToken);

    /// <summary>Does rounds until all is done. On a machine that is busy, what must be short may need more than one.</summary>
    public async Task KeepAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await KeepOnceAsync())
            Assert.False(limit.IsCancellationRequested, "Something is in the way.");
    }

    /// <summary>Makes the partition of a past day.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> MakeDayAsync(int daysAgo)
    {
        var day = DateTime.UtcNow.Date.AddDays(-daysAgo);
        var name = string.Create(CultureInfo.InvariantCulture, $"message_{day:yyyyMMdd}");
        await Database.ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture, $"create table pglistener.{name} partition of pglistener.message for values from ('{day:yyyy-MM-dd} 00:00+00') to ('{day.AddDays(1):yyyy-MM-dd} 00:00+00')"));
        return name;
    }

    /// <summary>A statement that publishes at noon of a past day, or now.</summary>
    public static string PublishSql(int daysAgo, string payload, int bucket = 0, string channel = "a") => string.Create(
        CultureInfo.InvariantCulture,
        $"insert into pglistener.message (channel, bucket, payload, at) values ('{channel}', {bucket}, '{payload}', {(daysAgo == 0 ? "clock_timestamp()" : $"date_trunc('day', now(), 'UTC') - interval '{daysAgo * 24 - 12} hours'")})");

    public Task PublishAsync(int daysAgo, string payload, int bucket = 0, string channel = "a") => Database.ExecuteAsync(PublishSql(daysAgo, payload, bucket, channel));

    /// <summary>Registers a subscription that is at the beginning.</summary>
    /// <returns>Its number.</returns>
    public async Task<int> SubscribeAsync(int shards = 1, string channel = "a", string name = "h", string instance = "")
    {
        var id = await Database.QueryAsync<int>(string.Create(
            CultureInfo.InvariantCulture, $"insert into pglistener.subscription (channel, name, instance, shards) values ('{channel}', '{name}', '{instance}', {shards}) returning id"));
        await Database.ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture, $"insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) select {id}, s, 0, {Cluster.System}, '1:1:', 0, '' from generate_series(0, {shards} - 1) s"));
        return id;
    }

    /// <summary>Moves the position of a shard behind everything that is committed.</summary>
    public async Task PassAsync(int id, int shard = 0)
    {
        var seen = await Database.QueryAsync<string>($"select {CurrentSnapshot.Sql}::text");
        await Database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            insert into pglistener.position (subscription, shard, n, system, seen, floor, holder)
            select {id}, {shard}, (select max(n) + 1 from pglistener.position where subscription = {id} and shard = {shard}), {Cluster.System}, '{seen}', (select max(id) from pglistener.message), ''
            """));
    }

    /// <summary>The partitions, without the default one.</summary>
    public async Task<string[]> DaysAsync() => (await Database.QueryAsync<string>(
        "select coalesce(string_agg(substr(inhrelid::regclass::text, 12), ' ' order by inhrelid::regclass::text), '') from pg_inherits where inhparent = 'pglistener.message'::regclass and inhrelid <> 'pglistener.message_default'::regclass"))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public Task<string> PayloadsAsync() => Database.QueryAsync<string>("select coalesce(string_agg(convert_from(payload, 'UTF8'), ' ' order by id), '') from pglistener.message");

    public IReadOnlyList<string> LinesOf(int id) => [.. Log.Collector.GetSnapshot().Where(line => line.Id.Id == id).Select(line => line.Message)];

    public async ValueTask DisposeAsync()
    {
        if (Role is not null)
            await Role.DisposeAsync();
        await Database.DisposeAsync();
    }
}
