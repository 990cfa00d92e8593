using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Subjects;

/// <summary>A subscription with a callback, made and ended at run time.</summary>
internal sealed class Subscriber
{
    private readonly TaskCompletionSource<ListenerSubscription> _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SubscriptionOptions _options;
    private readonly RunLog _run;

    /// <param name="subject">The listener.</param>
    /// <param name="name">Its name, without that of the listener.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="run">Where to record.</param>
    public Subscriber(Subject subject, string name, string channel, SubscriptionOptions options, RunLog run)
    {
        var waits = options.FullQueueMode is null or FullQueueMode.Wait;
        _run = run;
        _options = options;
        Recorder = new(subject, new($"{subject.Name}/{name}", channel, subject.Log, waits ? options.MaxBackpressure ?? Settings.MaxBackpressure : null), run);
        options.Name = Log.Name;
        options.OnResync = Recorder.TakeAsync;
    }

    public Recorder Recorder { get; }

    public SubscriptionLog Log => Recorder.Log;

    public Subject Subject => Recorder.Subject;

    /// <summary>Subscribes; when that fails in time, the subscription counts as ended.</summary>
    /// <returns>Whether it succeeded.</returns>
    public async Task<bool> SubscribeAsync(CancellationToken cancellationToken)
    {
        _run.Add(Log);
        try
        {
            _subscribed.SetResult(await Subject.SubscribeAsync(Log.Channel, (context, token) => Recorder.TakeAsync(context.Channel, context.Payload, context, token), _options, cancellationToken));
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or ListenerClosedException)
        {
            // There was no server for too long, or the listener was stopped.
            Log.EndBegun ??= DateTimeOffset.UtcNow;
            Log.Ended = DateTimeOffset.UtcNow;
            return false;
        }
    }

    /// <summary>Ends it, once it has been made.</summary>
    public async Task EndAsync()
    {
        var subscription = await _subscribed.Task;
        Log.EndBegun ??= DateTimeOffset.UtcNow;
        await subscription.DisposeAsync();
        Log.Ended ??= DateTimeOffset.UtcNow;
    }
}
