using Npgsql;
using PgListener.Durable.Positions;
using PgListener.Durable.Walks;

namespace PgListener.Durable.Failures;

/// <summary>The messages of one shard that have stepped aside: which of them are due, and what becomes of them.</summary>
internal sealed class RetryDesk(NpgsqlDataSource dataSource, RetryShard shard, FailureMode mode, HeldPosition held, Progress progress, TimeProvider time)
{
    private const int MaxDue = 100;

    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _sync = new();
    private readonly HashSet<long> _attempted = [];
    private readonly HashSet<string> _unsettled = new(StringComparer.Ordinal);
    private long _dueAt = long.MaxValue;
    private long _settledAt;
    private bool _isEmpty = true;

    /// <summary>The keys whose messages step aside.</summary>
    public ParkedKeys Keys { get; } = new(progress);

    /// <summary>The time until the next attempt is due; <see langword="null"/> if none is known of.</summary>
    public TimeSpan? UntilDue
    {
        get
        {
            lock (_sync)
                return _dueAt == long.MaxValue ? null : TimeSpan.FromTicks(Math.Max(0, _dueAt - Now));
        }
    }

    private long Now => time.GetElapsedTime(0).Ticks;

    /// <summary>Learns what the holder before has left.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (mode == FailureMode.ParkKey)
                Keys.AddRange(await RetryCommands.ReadKeysAsync(connection, shard, cancellationToken).ConfigureAwait(false));
            else
                await RetryCommands.ReleaseAsync(connection, shard, cancellationToken).ConfigureAwait(false);
        }

        NoteDue(TimeSpan.Zero);
    }

    /// <summary>Copies of messages were written.</summary>
    public void NoteCopied(IReadOnlyList<Delivery> parked)
    {
        foreach (var delivery in parked)
        {
            // The message that it waits behind may be gone since.
            if (delivery.Parking == Parking.Behind)
                NoteUnsettled(delivery.Message.Key!);
            else
                NoteDue(delivery.Parking!.RetryIn);
        }
    }

    /// <summary>Something outside this process may have changed, for example dead letters.</summary>
    /// <param name="isDue">Whether the database has been seen to have a message that is due, for example a dead letter that was requeued.</param>
    public void NoteChange(bool isDue)
    {
        lock (_sync)
        {
            if (isDue || !_isEmpty)
                _dueAt = 0;
        }
    }

    /// <summary>Reads what is due, if anything may be. Each of the messages is to be attempted once.</summary>
    public async Task<IReadOnlyList<Delivery>> ReadDueAsync(CancellationToken cancellationToken)
    {
        if (UntilDue is not { } left || left > TimeSpan.Zero)
            return [];

        await SettleAsync(TakeUnsettled(), cancellationToken).ConfigureAwait(false);

        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Those that are being attempted now may be among what is read, and be gone by then.
            HashSet<long> attempted;
            lock (_sync)
                attempted = [.. _attempted];
            var due = await RetryCommands.ReadDueAsync(connection, shard, MaxDue + attempted.Count, cancellationToken).ConfigureAwait(false);
            var next = await RetryCommands.ReadNextDueAsync(connection, shard, cancellationToken).ConfigureAwait(false);
            lock (_sync)
            {
                _isEmpty = due.Count == 0 && next is null && Keys.All.Count == 0;
                Delivery[] fresh = [.. due.Where(delivery => !attempted.Contains(delivery.Message.Id) && _attempted.Add(delivery.Message.Id))];

                // Those that are being attempted are due in the database too; when they are done, there is another look.
                if (next is { } after && (after > TimeSpan.Zero || fresh.Length == MaxDue))
                    _dueAt = Math.Min(_dueAt, Now + after.Ticks);
                return fresh;
            }
        }
    }

    /// <summary>An attempt has succeeded.</summary>
    public async Task SucceededAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await RetryCommands.SucceededAsync(connection, shard.Subscription, delivery, cancellationToken).ConfigureAwait(false);
        if (delivery.Message.Key is { } key && mode == FailureMode.ParkKey)
            NoteUnsettled(key);
        EndAttempt(delivery);
    }

    /// <summary>An attempt has failed.</summary>
    public async Task FailedAsync(Delivery delivery, Parking parking, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await RetryCommands.FailedAsync(connection, shard.Subscription, delivery.Message, parking, cancellationToken).ConfigureAwait(false);
        EndAttempt(delivery);
    }

    private void NoteDue(TimeSpan? after)
    {
        lock (_sync)
        {
            _isEmpty = false;
            if (after is { } delay)
                _dueAt = Math.Min(_dueAt, Now + delay.Ticks);
        }
    }

    private void NoteUnsettled(string key)
    {
        lock (_sync)
            _unsettled.Add(key);
        NoteDue(TimeSpan.Zero);
    }

    /// <summary>The keys to look at: those of which something has changed, and from time to time all, because others may have removed a dead letter.</summary>
    private string[] TakeUnsettled()
    {
        lock (_sync)
        {
            _dueAt = long.MaxValue;
            if (time.GetElapsedTime(_settledAt) > SettleInterval)
            {
                _settledAt = time.GetTimestamp();
                _unsettled.UnionWith(Keys.All);
            }

            string[] keys = [.. _unsettled];
            _unsettled.Clear();
            return keys;
        }
    }

    private void EndAttempt(Delivery delivery)
    {
        lock (_sync)
            _attempted.Remove(delivery.Message.Id);
        NoteDue(TimeSpan.Zero);
    }

    /// <summary>Makes due what waits behind nothing any more, and lets keys go on of which nothing is left. In turn, so that no copy is written meanwhile.</summary>
    private async Task SettleAsync(string[] keys, CancellationToken cancellationToken)
    {
        if (keys.Length == 0)
            return;

        using var turn = await held.EnterAsync(cancellationToken).ConfigureAwait(false);
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var left = await RetryCommands.SettleAsync(connection, shard.Subscription, keys, cancellationToken).ConfigureAwait(false);
            Keys.Free(left);
        }
    }
}
