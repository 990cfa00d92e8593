using System.Data;
using Npgsql;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Tests.Positions.Protocol;

/// <summary>Holders on connections of their own, which play one order of steps after the other.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5);
    private static int _lastSubscription;

    private readonly List<NpgsqlConnection> _connections;
    private readonly Holder[] _holders;

    private Stage(List<NpgsqlConnection> connections, Holder[] holders)
    {
        _connections = connections;
        _holders = holders;
    }

    /// <summary>How often holders were refused, by the way in which they were told.</summary>
    public IEnumerable<KeyValuePair<string, int>> Refusals => _holders.SelectMany(holder => holder.Refusals);

    public static async Task<Stage> OpenAsync(NpgsqlDataSource dataSource, int holders)
    {
        var connections = new List<NpgsqlConnection>();
        for (var i = 0; i <= holders; i++)
            connections.Add(await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken));
        var run = await PositionCommands.ReadServerRunAsync(connections[0], TestContext.Current.CancellationToken);
        return new(connections, [.. connections.Skip(1).Select(connection => new Holder(connection, run))]);
    }

    /// <summary>Plays an order of steps on a new position, and checks what has become of it.</summary>
    /// <param name="programs">What each holder does.</param>
    /// <param name="order">Whose turn it is.</param>
    /// <param name="isolation">How handlers' transactions are isolated.</param>
    public async Task PlayAsync(Step[][] programs, int[] order, IsolationLevel isolation)
    {
        var shard = new ShardKey(Interlocked.Increment(ref _lastSubscription), 0);
        await ExecuteAsync($"insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) values ({shard.Subscription}, 0, 0, 1, '1:1:', 0, 'test')");
        var moves = new List<long>();
        foreach (var holder in _holders)
            holder.Begin(shard, isolation, moves);

        var next = new int[programs.Length];
        foreach (var who in order)
        {
            _holders[who].Take(programs[who][next[who]++]);
            await SettleAsync();
        }

        foreach (var holder in _holders)
            await holder.Running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await CheckAsync(shard, moves, $"{isolation}, {string.Join(' ', order)} of {string.Join(" | ", programs.Select(program => string.Join(' ', program)))}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    /// <summary>Waits until each holder has taken its steps, or waits for a lock.</summary>
    private async Task SettleAsync()
    {
        // Nearly always, the step is soon over. Only otherwise is the server asked.
        await Task.WhenAny(Task.WhenAll(_holders.Select(holder => holder.Running)), Task.Delay(Soon, TestContext.Current.CancellationToken));
        while (_holders.Where(holder => !holder.Running.IsCompleted).Select(holder => holder.Process).ToArray() is { Length: > 0 } busy)
        {
            var waiting = await QueryAsync($"select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid in ({string.Join(',', busy)})");
            if (waiting == busy.Length)
                return;
        }
    }

    private async Task CheckAsync(ShardKey shard, List<long> moves, string what)
    {
        Assert.True(moves.Distinct().Count() == moves.Count, $"Two moves from one row: {what}.");
        // A move in a transaction is noted after its commit, when one that has waited for it may have been noted already.
        Assert.True(moves.Order().SequenceEqual(Enumerable.Range(0, moves.Count).Select(n => (long)n)), $"The moves {string.Join(' ', moves)} are no chain: {what}.");
        var last = await QueryAsync($"select max(n) from pglistener.position where subscription = {shard.Subscription}");
        Assert.True(last == moves.Count, $"{moves.Count} moves, but row {last} is in force: {what}.");
        var holes = await QueryAsync($"select max(n) - min(n) + 1 - count(*) from pglistener.position where subscription = {shard.Subscription}");
        Assert.True(holes == 0, $"Rows are missing between the first and the last: {what}.");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connections[0]);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<long> QueryAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connections[0]);
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }
}
