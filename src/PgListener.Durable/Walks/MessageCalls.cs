using PgListener.Durable.Membership;
using PgListener.Durable.Positions;
using PgListener.Durable.Publishing;
using PgListener.Durable.Telemetry;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Durable.Walks;

/// <summary>Calls the handler of a subscription for one message at a time, with its time limit and its span.</summary>
internal sealed class MessageCalls(RegisteredSubscription subscription, HeldPosition held, Progress progress, CallLimits limits, WalkContext context)
{
    private readonly DurableSubscription _definition = subscription.Definition;
    private readonly ProcessSpan _span = new(context.ListenerName, subscription.Definition.LogicalChannel, subscription.Definition.Name);
    private readonly KeyValuePair<string, object?>[] _tags = SubscriptionTags.Of(context.ListenerName, subscription.Definition.LogicalChannel, subscription.Definition.Name, PgListenerTags.Process);

    /// <summary>Calls it.</summary>
    /// <param name="delivery">The message.</param>
    /// <param name="attempt">The number of the attempt, from 1.</param>
    /// <param name="abort">Cancels the call.</param>
    /// <returns>Why it failed; <see langword="null"/> if the message is handled.</returns>
    /// <exception cref="OperationCanceledException">The call was cancelled, and the message is not handled.</exception>
    /// <exception cref="PositionLostException">Another holder has taken the shard over.</exception>
    public async Task<Exception?> CallAsync(Delivery delivery, int attempt, CancellationToken abort)
    {
        IEnlistment enlistment = delivery.IsRetry ? new RetryEnlistment(context.DataSource, held.Shard, delivery) : new PositionEnlistment(held, progress, delivery);
        var error = await RunAsync(delivery, attempt, enlistment, abort).ConfigureAwait(false);
        if (!enlistment.IsUsed)
        {
            if (error is OperationCanceledException)
                abort.ThrowIfCancellationRequested();
            return error;
        }

        // What counts is the transaction, whatever the handler did after it.
        var isCommitted = await EndAsync(enlistment).ConfigureAwait(false);
        if (isCommitted)
        {
            if (!delivery.IsRetry)
                _definition.Counts.Move();
            if (error is not null)
                context.Logger.FailedAfterCommit(error, _definition.Name, _definition.LogicalChannel, delivery.Message.Id);
            return null;
        }

        if (error is OperationCanceledException)
            abort.ThrowIfCancellationRequested();
        return error ?? new InvalidOperationException(
            $"The handler {_definition.Name} has passed a transaction to EnlistAsync, and returned without committing it. Commit the transaction before the handler returns, or throw an exception.");
    }

    private async Task<Exception?> RunAsync(Delivery delivery, int attempt, IEnlistment enlistment, CancellationToken abort)
    {
        using var limit = limits.Begin(_definition.Handler.Timeout, abort);
        System.Diagnostics.Activity? span = null;
        long? started = context.Metrics?.ProcessDuration.Enabled == true ? context.Time.GetTimestamp() : null;
        Exception? error = null;
        string? errorType = null;
        try
        {
            var message = DeliveredMessage.Of(delivery.Message, attempt, _definition.LogicalChannel, enlistment);
            if (Tracing.IsOn)
                span = _span.Start(context.Server, SenderOf(message));
            await _definition.Calls.HandleAsync(message, delivery.Message.Payload, limit?.Token ?? abort).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (limit is { IsOver: true } && !abort.IsCancellationRequested)
        {
            errorType = PgListenerTags.Timeout;
            error = new TimeoutException($"The handler {_definition.Name} was cancelled after its Timeout of {limit!.After:c}.", e);
        }
        catch (Exception e)
        {
            error = e; // The user's code may throw anything.
            errorType = e is OperationCanceledException && abort.IsCancellationRequested ? PgListenerTags.Cancelled : ErrorType.Of(e);
        }

        _definition.Counts.Call(isFirst: attempt == 1, errorType);
        Tracing.End(span, errorType);
        if (started is { } since)
            context.Metrics!.ProcessDuration.Record(context.Time.GetElapsedTime(since).TotalSeconds, errorType is null ? _tags : [.. _tags, new(PgListenerTags.ErrorType, errorType)]);
        return error;
    }

    /// <summary>The commit may have succeeded although the connection broke; only the database knows. A short outage is waited for, and a longer one ends the walk.</summary>
    private static async Task<bool> EndAsync(IEnlistment enlistment)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await enlistment.EndAsync(limit.Token).ConfigureAwait(false);
    }

    private static System.Diagnostics.ActivityContext SenderOf(DurableMessage message)
        => message.Headers.TryGetValue(MessageHeaders.TraceParent, out var parent) && System.Diagnostics.ActivityContext.TryParse(parent, message.Headers.GetValueOrDefault(MessageHeaders.TraceState), isRemote: true, out var sender)
            ? sender
            : default;
}
