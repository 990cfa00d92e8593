using System.Globalization;
using Npgsql;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos;

/// <summary>A subscription that records what it is given, and misbehaves when it is told to.</summary>
internal sealed class Subscriber(Subject subject, string name, string channel, SubscriptionOptions options, RunLog log)
{
    private readonly TaskCompletionSource<ListenerSubscription> _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Mood _mood = Mood.Good;
    private Func<NotificationContext?, CancellationToken, Task>? _errand;
    private TaskCompletionSource? _atErrand;
    private Resync? _failed;

    public SubscriptionLog Log { get; } = new(name, channel, subject.Log);

    public Subject Subject => subject;

    public bool IsSubscribed => _subscribed.Task.IsCompletedSuccessfully && Log.EndBegun is null;

    /// <summary>Subscribes; when that fails in time, the subscription counts as ended.</summary>
    /// <returns>Whether it succeeded.</returns>
    public async Task<bool> SubscribeAsync(CancellationToken cancellationToken)
    {
        options.Name = name;
        options.OnResync = OnResyncAsync;
        log.Add(Log);
        try
        {
            _subscribed.SetResult(await subject.Listener.SubscribeAsync(channel, OnNotificationAsync, options, cancellationToken));
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

    public async Task EndAsync()
    {
        var subscription = await _subscribed.Task;
        Log.EndBegun ??= DateTimeOffset.UtcNow;
        await subscription.DisposeAsync();
        Log.Ended ??= DateTimeOffset.UtcNow;
    }

    /// <summary>From now on each call takes a while, or throws.</summary>
    public void SetMood(Mood mood) => _mood = mood;

    /// <summary>Has the next call do something.</summary>
    /// <returns>Completes when that call has begun.</returns>
    public Task Send(Func<CancellationToken, Task> errand) => Send((_, cancellationToken) => errand(cancellationToken));

    /// <summary>Has the next call for a notification ask the server something, on a connection of its own.</summary>
    public Task SendQuery(int number) => Send(async (context, cancellationToken) =>
    {
        if (context is not { } notification)
            return;

        try
        {
            await using var connection = await notification.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("select $1", connection);
            command.Parameters.Add(new() { Value = number });
            if (await command.ExecuteScalarAsync(cancellationToken) is not int answer || answer != number)
                log.AddError($"A query in a callback of {name} got the wrong answer.");
        }
        catch (Exception e) when (e is not (NpgsqlException or OperationCanceledException))
        {
            // The others are what faults look like.
            log.AddError($"A query in a callback of {name} failed: {e}");
        }
    });

    private Task Send(Func<NotificationContext?, CancellationToken, Task> errand)
    {
        var atErrand = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _atErrand, atErrand);
        Volatile.Write(ref _errand, errand);
        return atErrand.Task;
    }

    private Task OnNotificationAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        var at = DateTimeOffset.UtcNow;
        var parts = context.Payload.Split(':');
        if (parts.Length != 3 || parts[0] != channel || context.Channel != channel || parts[2].AsSpan().ContainsAnyExcept('.'))
            log.AddError($"{name} was given '{context.Payload}' on channel '{context.Channel}'.");
        else
            Log.Add(new Given(at, int.Parse(parts[1], CultureInfo.InvariantCulture), context.Payload.Length));
        return BehaveAsync(context, cancellationToken);
    }

    private async Task OnResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        // One that has failed is called again with the same gap: that is no further announcement.
        if (resync != _failed)
            Log.Add(new Given(DateTimeOffset.UtcNow, resync));
        _failed = resync;
        await BehaveAsync(context: null, cancellationToken);
        _failed = null;
    }

    private async Task BehaveAsync(NotificationContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _errand, null) is { } errand)
        {
            Volatile.Read(ref _atErrand)!.TrySetResult();
            await errand(context, cancellationToken);
        }

        var mood = _mood;
        if (mood.Delay > TimeSpan.Zero)
            await Task.Delay(mood.Delay, cancellationToken);
        if (mood.Throws)
            throw new InvalidOperationException("This callback is in a bad mood.");
    }
}
