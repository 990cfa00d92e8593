using PgListener.Durable.Failures;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Walks;

/// <summary>Moves the position behind the messages that are handled, as often as is worth it.</summary>
internal sealed class Acknowledger(RegisteredSubscription subscription, HeldPosition held, Progress progress, RetryDesk retries, Signal wake)
{
    /// <summary>The shortest time between two moves, so that many messages share one.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>The time that the database has to answer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const int PruneAfter = 64;

    private readonly Signal _signal = new();
    private long _prunedAt;

    /// <summary>There is something to acknowledge.</summary>
    public void Signal() => _signal.Set();

    /// <summary>Acknowledges until it is stopped.</summary>
    /// <exception cref="PositionLostException">Another holder has taken the position over.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(stop).ConfigureAwait(false);
                await AcknowledgeAsync().ConfigureAwait(false);
                await Task.Delay(Interval, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The last acknowledgement follows, after the last call.
        }
    }

    /// <summary>Acknowledges what is handled now.</summary>
    /// <exception cref="PositionLostException">Another holder has taken the position over.</exception>
    public async Task AcknowledgeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        using (var turn = await held.EnterAsync(CancellationToken.None).ConfigureAwait(false))
        {
            var (position, parked, isChanged) = progress.Collect();
            if (!isChanged)
                return;

            await turn.MoveAsync(position, [.. parked.Select(delivery => RetryCommands.CreateCopy(subscription.Id, delivery.Message, delivery.Parking!))], limit.Token).ConfigureAwait(false);
            progress.Written(position, parked);
            subscription.Definition.Counts.Move();
            if (parked.Count > 0)
            {
                retries.NoteCopied(parked);
                wake.Set();
            }
        }

        if (held.Moves - _prunedAt >= PruneAfter)
        {
            _prunedAt = held.Moves;
            await held.PruneAsync(limit.Token).ConfigureAwait(false);
        }
    }
}
