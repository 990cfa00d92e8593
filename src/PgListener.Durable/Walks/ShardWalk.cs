using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using PgListener.Durable.Failures;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;
using PgListener.Durable.Telemetry;
using PgListener.Subscriptions;

namespace PgListener.Durable.Walks;

/// <summary>Walks one shard while this process holds its lock: takes the position over, reads pages, hands the messages to the lanes, and moves the position behind them.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Its token sources have no timers, and a stop may come after the end.")]
internal sealed class ShardWalk : IShardRun
{
    private readonly RegisteredSubscription _subscription;
    private readonly int _shard;
    private readonly Cluster _cluster;
    private readonly WalkContext _context;
    private readonly Signal _wake = new();

    /// <summary>Cancelled when no more calls are to begin.</summary>
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled when calls that are running are to end.</summary>
    private readonly CancellationTokenSource _abort = new();
    private RetryDesk? _retries;
    private volatile LogPosition? _waitingAt;

    /// <summary>Whether the database has been seen to have something for it, which may be a loss rather than a message.</summary>
    private bool _isTold;

    private ShardWalk(RegisteredSubscription subscription, int shard, Cluster cluster, WalkContext context)
    {
        _subscription = subscription;
        _shard = shard;
        _cluster = cluster;
        _context = context;
        Completion = Task.Run(RunAsync, CancellationToken.None);
    }

    public Task Completion { get; }

    public LogPosition? WaitingAt => _waitingAt;

    private DurableSubscription Definition => _subscription.Definition;

    public static ShardWalk Start(RegisteredSubscription subscription, int shard, Cluster cluster, WalkContext context) => new(subscription, shard, cluster, context);

    public void ReadAgain() => _wake.Set();

    public void Wake(bool hasRetries)
    {
        Volatile.Read(ref _retries)?.NoteChange(hasRetries);
        Volatile.Write(ref _isTold, true);
        _wake.Set();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await using (cancellationToken.UnsafeRegister(static self => ((ShardWalk)self!)._abort.Cancel(), this).ConfigureAwait(false))
            await Completion.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            var key = new ShardKey(_subscription.Id, _shard);
            using var held = await HeldPosition.TakeAsync(_context.DataSource, key, _cluster.System, _context.Holder, _stop.Token).ConfigureAwait(false);
            if (held is not null)
            {
                using var counted = Definition.Counts.CountShard();
                await WalkAsync(held).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It was stopped, or the calls were cancelled because the time to stop is over.
        }
        catch (PositionLostException)
        {
            // The coordination reports it, and continues with the next holder's position.
        }
        catch (Exception e)
        {
            _context.Logger.WalkFailed(e, _shard, Definition.Name, Definition.LogicalChannel);
        }

        _waitingAt = null;
    }

    private async Task WalkAsync(HeldPosition held)
    {
        var progress = new Progress(held.Start);
        var retries = new RetryDesk(_context.DataSource, new(_subscription.Id, _subscription.Shards, _shard), Definition.Options.OnFailure, held, progress, _context.Time);
        await retries.LoadAsync(_stop.Token).ConfigureAwait(false);
        Volatile.Write(ref _retries, retries);

        using var log = new SubscriptionLog(Definition.Name, Definition.LogicalChannel, hearsGaps: Definition.Calls.OnResync is not null, _context.Logger, _context.Time);
        using var limits = new CallLimits(log, _context.Time);
        using var watched = Definition.Counts.Watch(limits);
        var calls = new MessageCalls(_subscription, held, progress, limits, _context);
        var acknowledger = new Acknowledger(_subscription, held, progress, retries, _wake);
        using var deliveries = new Deliveries(Definition, calls, progress, retries, acknowledger, _wake, _shard, _context);
        var lanes = new Lanes(Definition.Handler.MaxConcurrency, _context.Options.PageSize, delivery => deliveries.HandleAsync(delivery, _stop.Token, _abort.Token));
        var acknowledging = acknowledger.RunAsync(_stop.Token);
        var reading = ReadAsync(held, progress, retries, limits, lanes);

        // The first of them that fails ends the walk, and no call goes on without it.
        var failure = await FailureOfAsync(reading, lanes.FirstFailure, acknowledging).ConfigureAwait(false);
        if (failure is not null)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _abort.CancelAsync().ConfigureAwait(false);
        }

        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await lanes.CompleteAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        failure ??= await FailureOfAsync(Task.WhenAll(lanes.FirstFailure, acknowledging)).ConfigureAwait(false);

        // What was handled is handled, whatever has ended the walk.
        if (failure?.SourceException is not PositionLostException)
            await acknowledger.AcknowledgeAsync().ConfigureAwait(failure is null ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.SuppressThrowing);
        failure?.Throw();
    }

    /// <summary>Waits for the first task to end.</summary>
    /// <returns>Why it failed; <see langword="null"/> if it did not, or only because of the stop.</returns>
    private async Task<ExceptionDispatchInfo?> FailureOfAsync(params Task[] tasks)
    {
        try
        {
            var ended = await Task.WhenAny(tasks).ConfigureAwait(false);
            await ended.ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>Reads pages until it is stopped.</summary>
    private async Task ReadAsync(HeldPosition held, Progress progress, RetryDesk retries, CallLimits limits, Lanes lanes)
    {
        var position = held.Start;
        var losses = new LossNotices(_subscription, held.Shard, limits, _context);
        var isTold = false;
        var channel = new LogChannel(Definition.Channel, _subscription.Shards, _shard);
        var stop = _stop.Token;
        try
        {
            await losses.TellOfStartAsync(stop, _abort.Token).ConfigureAwait(false);
            while (true)
            {
                foreach (var due in await retries.ReadDueAsync(stop).ConfigureAwait(false))
                    await lanes.PostAsync(due, stop).ConfigureAwait(false);

                var page = await ReadPageAsync(channel, position, stop).ConfigureAwait(false);
                if (losses.MayPrecede(page, isTold))
                    await losses.TellAsync(lanes, stop, _abort.Token).ConfigureAwait(false);
                isTold = false;
                var deliveries = progress.Add(page, position);
                var isEverything = page.IsLast && position.Upto is null; // The rest of a window that was begun earlier says nothing about what is new.
                position = page.After(position);
                Definition.Counts.Receive(deliveries.Count);
                foreach (var delivery in deliveries)
                    await lanes.PostAsync(delivery, stop).ConfigureAwait(false);

                if (isEverything)
                {
                    _waitingAt = position;
                    await _wake.WaitAsync(retries.UntilDue, _context.Time, stop).ConfigureAwait(false);
                    _waitingAt = null;
                    isTold = Interlocked.Exchange(ref _isTold, false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The stop.
        }
    }

    private async Task<LogPage> ReadPageAsync(LogChannel channel, LogPosition position, CancellationToken cancellationToken)
    {
        var connection = await _context.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await LogReader.ReadAsync(connection, channel, position, _cluster.Base, _context.Options.PageSize, _context.Options.PageBytes, cancellationToken).ConfigureAwait(false);
    }
}
