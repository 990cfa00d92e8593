using System.Globalization;
using Npgsql;

namespace PgListener.Caching.Tests.Checks;

/// <summary>An instance that reads and writes at random, and notes what it sees.</summary>
internal sealed class CheckedInstance
{
    private const string FencePrefix = "fence:";

    private readonly string _name;
    private readonly ICheckedCache _cache;
    private readonly VersionTable _source;
    private readonly Journal _journal;
    private readonly List<Task> _unsent = [];
    private long _horizon;
    private long _connected;

    public CheckedInstance(string name, Instance instance, ICheckedCache cache, VersionTable source, Journal journal)
    {
        (_name, _cache, _source, _journal) = (name, cache, source, journal);
        Instance = instance;
        instance.Listener.OnApplied = payload =>
        {
            if (_cache.KeyOf(payload) is { } key && key.StartsWith(FencePrefix, StringComparison.Ordinal))
                Hear(long.Parse(key.AsSpan(FencePrefix.Length), CultureInfo.InvariantCulture));
        };
        instance.Listener.OnGap = _ =>
        {
            Interlocked.Increment(ref _journal.Gaps);
            Hear(Interlocked.Read(ref _connected));
        };
    }

    public Instance Instance { get; }

    /// <summary>The network is about to be there again: what was sent before is in the gap.</summary>
    public void Connect()
    {
        Interlocked.Exchange(ref _connected, DateTime.UtcNow.Ticks);
        Instance.Connect();
    }

    /// <summary>Notifies all instances again and again, by which they know that they have heard what was sent before.</summary>
    public static async Task FenceAsync(string connectionString, ICheckedCache cache, CancellationToken ended)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        while (!ended.IsCancellationRequested)
        {
            await using var command = database.CreateCommand("select pg_notify($1, $2)");
            command.Parameters.Add(new() { Value = cache.Channel });
            command.Parameters.Add(new() { Value = cache.Fence(string.Create(CultureInfo.InvariantCulture, $"{FencePrefix}{DateTime.UtcNow.Ticks}")) });
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            await Task.Delay(20, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Changes values.</summary>
    public async Task WriteAsync(int count, TimeSpan pause, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var key = VersionTable.KeyOf(random.Next(VersionTable.Keys));
            var how = random.Next(3);
            await _source.ChangeAsync(key, async version =>
            {
                var sending = await _cache.WriteAsync(key, version, how);
                var returned = DateTime.UtcNow.Ticks;
                _unsent.Add(NoteAsync(key, version, returned, sending));
            });
            await Task.Delay(pause);
        }

        // What is not sent by now is sent when the server is back; or an outage at the end is too long to wait for it.
        await Task.WhenAny(Task.WhenAll(_unsent), Task.Delay(TimeSpan.FromSeconds(2)));
    }

    /// <summary>Reads values.</summary>
    public async Task ReadAsync(int seed, CancellationToken ended)
    {
        var random = new Random(seed);
        while (!ended.IsCancellationRequested)
        {
            var key = VersionTable.KeyOf(random.Next(VersionTable.Keys));
            var (horizon, started, isHit) = (Interlocked.Read(ref _horizon), DateTime.UtcNow.Ticks, true);
            var version = await _cache.GetAsync(key, _source, () => isHit = false);
            _journal.Reads.Enqueue(new(key, version, _name, started, horizon, isHit));
            if (random.Next(10) == 0)
                await Task.Delay(1, CancellationToken.None);
            else
                await Task.Yield();
        }
    }

    private void Hear(long moment)
    {
        var before = Interlocked.Read(ref _horizon);
        while (before < moment && Interlocked.CompareExchange(ref _horizon, moment, before) is var found && found != before)
            before = found;
    }

    private async Task NoteAsync(string key, long version, long returned, Task sending)
    {
        await sending;
        _journal.Writes.Enqueue(new(key, version, _name, returned, DateTime.UtcNow.Ticks));
    }
}
