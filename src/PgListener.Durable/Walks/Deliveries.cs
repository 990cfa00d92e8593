using PgListener.Durable.Failures;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;
using PgListener.Telemetry;

namespace PgListener.Durable.Walks;

/// <summary>Handles one message after the other of a lane: calls the handler, and decides what becomes of a message that fails.</summary>
internal sealed class Deliveries(
    DurableSubscription definition, MessageCalls calls, Progress progress, RetryDesk retries, Acknowledger acknowledger, Signal wake, int shard, WalkContext context) : IDisposable
{
    private readonly LogThrottles _blocked = new(context.Time);

    private FailureMode Mode => definition.Options.OnFailure;

    /// <summary>Handles a message. Without an exception, its outcome is noted; or it was left, because of the stop.</summary>
    public async Task HandleAsync(Delivery delivery, CancellationToken stop, CancellationToken abort)
    {
        if (stop.IsCancellationRequested)
            return;

        var counts = definition.Counts;

        if (!delivery.IsRetry && Mode == FailureMode.ParkKey && retries.Keys.TryFollow(delivery))
        {
            counts.Park();
            acknowledger.Signal();
            return;
        }

        var attempt = delivery.FailedAttempts + 1;
        var error = await calls.CallAsync(delivery, attempt, abort).ConfigureAwait(false);
        using var blocked = error is not null && Mode == FailureMode.Block && !delivery.IsRetry ? counts.Block(shard, delivery.Message.Id, context.Time.GetUtcNow()) : null;
        while (error is not null && blocked is not null)
        {
            var delay = RetryPolicy.DelayAfter(attempt, definition.Options, Random.Shared.NextDouble());
            if (attempt == 1)
                NoteBlocked(delivery, error);
            else
                context.Logger.MessageFailedAgain(error, definition.Name, definition.LogicalChannel, delivery.Message.Id, attempt, delay);
            await Task.Delay(delay, context.Time, stop).ConfigureAwait(false);
            error = await calls.CallAsync(delivery, ++attempt, abort).ConfigureAwait(false);
        }

        if (error is null)
            await SucceededAsync(delivery, attempt).ConfigureAwait(false);
        else
            await FailedAsync(delivery, attempt, error).ConfigureAwait(false);
    }

    /// <summary>Logs the counts that were not logged yet.</summary>
    public void Dispose() => _blocked.Dispose();

    /// <summary>Logs it. One cause blocks all lanes at the same time, so the exception is logged once for each kind.</summary>
    private void NoteBlocked(Delivery delivery, Exception error)
    {
        var type = ErrorType.Of(error);
        if (_blocked.IsNew(type, more => context.Logger.BlockedToo(more, shard, definition.Name, definition.LogicalChannel, type)))
            context.Logger.Blocked(error, definition.Name, definition.LogicalChannel, shard, delivery.Message.Id);
    }

    private async Task SucceededAsync(Delivery delivery, int attempts)
    {
        definition.Counts.Handle();
        if (attempts > 1)
            context.Logger.MessageRecovered(definition.Name, definition.LogicalChannel, delivery.Message.Id, attempts);
        if (delivery.IsRetry)
        {
            await retries.SucceededAsync(delivery, CancellationToken.None).ConfigureAwait(false);
            wake.Set();
        }
        else
        {
            progress.Complete(delivery);
            acknowledger.Signal();
        }
    }

    private async Task FailedAsync(Delivery delivery, int attempts, Exception error)
    {
        var parking = RetryPolicy.After(attempts, error, definition.Options, Random.Shared.NextDouble());
        definition.Counts.Fail(isFirst: !delivery.IsRetry, parking.IsDead);
        if (parking.RetryIn is not { } delay)
            context.Logger.MessageDead(error, delivery.Message.Id, definition.LogicalChannel, definition.Name, attempts);
        else if (attempts == 1)
            context.Logger.MessageFailed(error, definition.Name, definition.LogicalChannel, delivery.Message.Id, delay);
        else
            context.Logger.MessageFailedAgain(error, definition.Name, definition.LogicalChannel, delivery.Message.Id, attempts, delay);

        if (delivery.IsRetry)
        {
            await retries.FailedAsync(delivery, parking, CancellationToken.None).ConfigureAwait(false);
            wake.Set();
        }
        else
        {
            if (Mode == FailureMode.ParkKey)
                retries.Keys.Park(delivery, parking);
            else
                progress.Park(delivery, parking);
            acknowledger.Signal();
        }
    }
}
