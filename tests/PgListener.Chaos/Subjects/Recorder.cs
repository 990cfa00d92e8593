using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Subjects;

/// <summary>What a callback or a handler does: it records what it is given, and misbehaves when it is told to.</summary>
internal sealed class Recorder(Subject subject, SubscriptionLog log, RunLog run)
{
    /// <summary>A call that is no longer than this is quick.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(2);

    private volatile Mood _mood = Mood.Good;
    private Func<NotificationContext?, CancellationToken, Task>? _errand;
    private TaskCompletionSource? _atErrand;
    private DateTimeOffset? _failingSince;

    public SubscriptionLog Log => log;

    public Subject Subject => subject;

    /// <summary>From now on each call behaves so.</summary>
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
                run.AddError($"A query in a callback of {log.Name} got the wrong answer.");
        }
        catch (Exception e) when (e is not (NpgsqlException or OperationCanceledException))
        {
            // The others are what faults look like.
            run.AddError($"A query in a callback of {log.Name} failed: {e}");
        }
    });

    /// <summary>A notification was given.</summary>
    public Task TakeAsync(string channel, string payload, NotificationContext? context, CancellationToken cancellationToken)
    {
        var at = DateTimeOffset.UtcNow;
        var parts = payload.Split(':');
        if (parts.Length != 3 || parts[0] != log.Channel || channel != log.Channel || parts[2].AsSpan().ContainsAnyExcept('.'))
            run.AddError($"{log.Name} was given '{payload}' on channel '{channel}'.");
        else
            log.Add(new Given(at, int.Parse(parts[1], CultureInfo.InvariantCulture), payload.Length));
        return BehaveAsync(context, cancellationToken);
    }

    /// <summary>A gap was announced. A call that fails does not count: it was not possible to read again, so it has to be announced again.</summary>
    public Task TakeAsync(Resync resync, CancellationToken cancellationToken)
    {
        var at = DateTimeOffset.UtcNow;
        if (_mood.ResyncThrows || _mood.Throws)
        {
            _failingSince ??= at;
            throw new InvalidOperationException("This resync is in a bad mood.");
        }

        if (_failingSince is { } failing)
            log.Add(new Busy(failing, at));
        log.Add(new Given(at, resync) { IsRepeated = _failingSince is not null });
        _failingSince = null;
        return BehaveAsync(context: null, cancellationToken);
    }

    private Task Send(Func<NotificationContext?, CancellationToken, Task> errand)
    {
        var atErrand = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _atErrand, atErrand);
        Volatile.Write(ref _errand, errand);
        return atErrand.Task;
    }

    private async Task BehaveAsync(NotificationContext? context, CancellationToken cancellationToken)
    {
        var (begun, clock) = (DateTimeOffset.UtcNow, Stopwatch.StartNew());
        try
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
        finally
        {
            if (clock.Elapsed > Quick)
                log.Add(new Busy(begun, begun + clock.Elapsed));
        }
    }
}
