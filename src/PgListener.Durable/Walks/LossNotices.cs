using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;
using PgListener.Durable.Retention;
using PgListener.Durable.Telemetry;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Durable.Walks;

/// <summary>Tells the handler that messages were removed from the log before this shard got to them, in their place: after what was before them, and before what follows.</summary>
internal sealed class LossNotices(RegisteredSubscription subscription, ShardKey shard, CallLimits limits, WalkContext context)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly DurableSubscription _definition = subscription.Definition;
    private DateTimeOffset _readUpto = DateTimeOffset.MinValue;

    /// <summary>Whether there may be something to tell before a page that was just read. Mostly not, so that it costs nothing.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isTold">Whether it was read because the database has something for the shard. If that was no message, it may be a loss.</param>
    /// <remarks>What is removed unread is older than the longest age. So what was read last before it is old too, or it is the first page of this holder.</remarks>
    public bool MayPrecede(LogPage page, bool isTold)
    {
        var isOld = _readUpto < context.Time.GetUtcNow() - (context.Options.MaxAge / 2);
        if (page.Messages.Count > 0)
            _readUpto = page.Messages[^1].PublishedAt;
        return isOld || (isTold && page.Messages.Count == 0);
    }

    /// <summary>Tells it, until the handler succeeds.</summary>
    /// <param name="lanes">The messages before it.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <param name="abort">Cancels the call.</param>
    public async Task TellAsync(Lanes lanes, CancellationToken stop, CancellationToken abort)
    {
        var connection = await context.DataSource.OpenConnectionAsync(stop).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (await LossCommands.ReadAsync(connection, shard, stop).ConfigureAwait(false) is not { } loss)
                return;

            await connection.CloseAsync().ConfigureAwait(false); // The handler may take long.
            context.Logger.OvertakenByRetention(loss.Messages, _definition.LogicalChannel, loss.Since, loss.Until, _definition.Name);
            await lanes.WhenIdleAsync(stop).ConfigureAwait(false);
            if (_definition.Calls.OnResync is { } onResync)
                await CallAsync(onResync, new(_definition.LogicalChannel, ResyncReason.Retention, loss.Since, loss.Until, loss.Messages), stop, abort).ConfigureAwait(false);

            await connection.OpenAsync(stop).ConfigureAwait(false);
            await LossCommands.DeleteAsync(connection, shard, loss.Rows, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Tells a handler that each instance has for itself that its messages begin now, as it is told on other channels: what it keeps in memory may be older. Until it succeeds.</summary>
    /// <param name="stop">Ends the waiting.</param>
    /// <param name="abort">Cancels the call.</param>
    public async Task TellOfStartAsync(CancellationToken stop, CancellationToken abort)
    {
        if (_definition is { Options.Mode: DurableMode.PerInstance, Calls.OnResync: { } onResync })
            await CallAsync(onResync, new(_definition.LogicalChannel, ResyncReason.Started, since: null, context.Time.GetUtcNow()), stop, abort).ConfigureAwait(false);
    }

    private async Task CallAsync(ResyncCallback onResync, Resync resync, CancellationToken stop, CancellationToken abort)
    {
        for (var attempt = 1; await TryAsync(onResync, resync, abort).ConfigureAwait(false) is { } error; attempt++)
        {
            var delay = Backoff.Next(attempt, FirstDelay, LongestDelay, Random.Shared.NextDouble());
            context.Logger.ResyncFailed(error, _definition.Name, _definition.LogicalChannel, shard.Shard, delay);
            await Task.Delay(delay, context.Time, stop).ConfigureAwait(false);
        }
    }

    /// <returns>Why it failed; <see langword="null"/> if it succeeded.</returns>
    private async Task<Exception?> TryAsync(ResyncCallback onResync, Resync resync, CancellationToken abort)
    {
        using var limit = limits.Begin(_definition.Handler.Timeout, abort);
        var span = Tracing.IsOn ? Tracing.StartResync(_definition.LogicalChannel, _definition.Name, context.ListenerName, context.Server, resync.Reason) : null;
        Exception? error = null;
        try
        {
            await onResync(resync, limit?.Token ?? abort).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (limit is { IsOver: true } && !abort.IsCancellationRequested)
        {
            error = new TimeoutException($"ResyncAsync of {_definition.Name} was cancelled after its Timeout of {limit!.After:c}.", e);
        }
        catch (Exception e)
        {
            error = e; // The user's code may throw anything.
        }

        Tracing.End(span, error is null ? null : ErrorType.Of(error));
        if (error is OperationCanceledException)
            abort.ThrowIfCancellationRequested();
        return error;
    }
}
