using PgListener.Durable.Failures;
using PgListener.Durable.Log;

namespace PgListener.Durable.Walks;

/// <summary>What is handled of the pages that were read, and the position that follows from it. Thread-safe.</summary>
/// <param name="start">The position when the shard was taken over.</param>
internal sealed class Progress(LogPosition start)
{
    private readonly Lock _sync = new();
    private readonly Queue<Batch> _batches = [];

    /// <summary>The ids of messages that will be read, and were handled by the holder before.</summary>
    private readonly HashSet<long> _skipped = [.. start.Done];

    /// <summary>The position below all batches.</summary>
    private LogPosition _low = start;
    private LogPosition _written = start;

    /// <summary>Adds a page that was read.</summary>
    /// <param name="page">The page.</param>
    /// <param name="readAt">The position that it was read at.</param>
    /// <returns>The messages of it that are to be handled.</returns>
    public IReadOnlyList<Delivery> Add(LogPage page, LogPosition readAt)
    {
        // A window without a message is not worth a row, so it moves nothing.
        if (page.Messages.Count == 0 && readAt is { Upto: null, Restored: null })
            return [];

        var deliveries = new Delivery[page.Messages.Count];
        for (var i = 0; i < deliveries.Length; i++)
            deliveries[i] = new(page.Messages[i]);

        lock (_sync)
        {
            var isSkipping = _skipped.Count > 0;
            if (isSkipping)
            {
                foreach (var delivery in deliveries)
                {
                    if (_skipped.Remove(delivery.Message.Id))
                        delivery.State = DeliveryState.Done;
                }
            }

            _batches.Enqueue(new(page, readAt, deliveries));
            return isSkipping ? [.. deliveries.Where(static delivery => delivery.State == DeliveryState.Pending)] : deliveries;
        }
    }

    /// <summary>The message was handled.</summary>
    public void Complete(Delivery delivery)
    {
        lock (_sync)
            delivery.State = DeliveryState.Done;
    }

    /// <summary>The message steps aside.</summary>
    public void Park(Delivery delivery, Parking parking)
    {
        lock (_sync)
            (delivery.State, delivery.Parking) = (DeliveryState.Parked, parking);
    }

    /// <summary>Gets the position to write, and the messages whose copies belong to that move.</summary>
    /// <returns>The same position as was written last, if nothing has changed.</returns>
    public (LogPosition Position, IReadOnlyList<Delivery> Parked, bool IsChanged) Collect()
    {
        lock (_sync)
        {
            Advance();
            Delivery[] parked = [.. _batches.SelectMany(static batch => batch.Remaining).Where(static delivery => delivery.State == DeliveryState.Parked)];
            var position = PositionIf(parked.Length == 0 ? IsDone : static delivery => delivery.State != DeliveryState.Pending);
            return (position, parked, parked.Length > 0 || IsWorthWriting(position));
        }
    }

    /// <summary>Whether a message of a key steps aside, and its copy is not written yet.</summary>
    public bool IsParked(string key)
    {
        lock (_sync)
            return _batches.Any(batch => batch.Remaining.Any(delivery => delivery.State == DeliveryState.Parked && delivery.Message.Key == key));
    }

    /// <summary>Gets the position to write together with the effect of a handler: as if that message were handled. Those that step aside are left for a move that copies them.</summary>
    public LogPosition CollectWith(Delivery handled)
    {
        lock (_sync)
            return PositionIf(delivery => delivery.State == DeliveryState.Done || delivery == handled);
    }

    /// <summary>A position was written, with copies.</summary>
    public void Written(LogPosition position, IReadOnlyList<Delivery> parked)
    {
        lock (_sync)
        {
            foreach (var delivery in parked)
                delivery.State = DeliveryState.Done;
            _written = position;
            Advance();
        }
    }

    private static bool IsDone(Delivery delivery) => delivery.State == DeliveryState.Done;

    /// <summary>The snapshot alone differs after a window of messages that were committed late: their ids may be below the floor.</summary>
    private bool IsWorthWriting(LogPosition position)
        => position.Seen != _written.Seen || position.Floor != _written.Floor || position.LastId != _written.LastId || !position.Done.SequenceEqual(_written.Done) || (position.Restored is null && _written.Restored is not null);

    /// <summary>Forgets what is handled at the front.</summary>
    private void Advance()
    {
        while (_batches.TryPeek(out var batch))
        {
            batch.Advance();
            if (!batch.IsDone)
            {
                _low = batch.Low;
                return;
            }

            _low = batch.After;
            _batches.Dequeue();
        }
    }

    private LogPosition PositionIf(Func<Delivery, bool> isDone)
    {
        var low = _low;
        var isFront = true;
        List<long>? done = null;
        foreach (var batch in _batches)
        {
            var handled = isFront ? batch.CountLeading(isDone) : 0;
            if (isFront)
                low = batch.LowAfter(handled);
            isFront = isFront && handled == batch.Remaining.Count;
            foreach (var delivery in batch.Remaining.Skip(handled))
            {
                if (isDone(delivery))
                    (done ??= []).Add(delivery.Message.Id);
            }
        }

        if (_skipped.Count > 0)
            (done ??= []).AddRange(_skipped);
        return done is null ? low : low with { Done = done };
    }

    /// <summary>A page on its way.</summary>
    private sealed class Batch(LogPage page, LogPosition readAt, Delivery[] deliveries)
    {
        private int _first;

        public bool IsDone => _first == deliveries.Length;

        public ArraySegment<Delivery> Remaining => new(deliveries, _first, deliveries.Length - _first);

        public LogPosition After { get; } = page.After(readAt) with { Done = [] };

        public LogPosition Low => LowAfter(0);

        public void Advance()
        {
            while (_first < deliveries.Length && deliveries[_first].State == DeliveryState.Done)
                _first++;
        }

        public int CountLeading(Func<Delivery, bool> isDone)
        {
            var count = 0;
            foreach (var delivery in Remaining)
            {
                if (!isDone(delivery))
                    break;
                count++;
            }

            return count;
        }

        /// <summary>The position if a number of the remaining messages were handled.</summary>
        public LogPosition LowAfter(int handled)
        {
            var count = _first + handled;
            return count == deliveries.Length
                ? After
                : count == 0 ? readAt with { Done = [] } : readAt.Within(page.Upto, deliveries[count - 1].Message.Id, []);
        }
    }
}
