using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Reads one session's notifications. One thread at a time does: between two messages it does the session's work, and runs the consumers that are quick.
/// If one of them does not return, another thread goes on from there.
/// </summary>
/// <param name="messages">Waits for messages.</param>
/// <param name="work">The requests of other tasks, and the waiting for full queues.</param>
/// <param name="pulse">Watches the connection while the session does not read.</param>
/// <param name="backpressure">Pauses the reading; its count of pauses ends when everything was read.</param>
/// <param name="wakeUps">The consumers to serve.</param>
/// <param name="onRead">Called often while there are messages, and after each wait.</param>
/// <param name="onSilence">Called when nothing has arrived for the time that a wait may take.</param>
internal sealed class SessionReader(
    MessageWait messages, SessionWork work, Pulse pulse, Backpressure backpressure, WakeUps wakeUps, Action onRead, Func<Task> onSilence) : IDisposable
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadingTurn? _turn;
    private uint _atHand;

    /// <summary>Reads until something throws.</summary>
    public Task ReadAsync()
    {
        _turn = new(() => _ = ReadInTurnAsync(), TimeProvider.System);
        work.End();
        _ = ReadInTurnAsync();
        return _end.Task;
    }

    public void Dispose() => _turn?.Dispose();

    /// <summary>Reads until something throws, or the turn of this thread is over.</summary>
    private async Task ReadInTurnAsync()
    {
        // The caller must already be waiting when a consumer is served on this thread, because the consumer may block it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (true)
            {
                if (work.IsDue)
                {
                    await WorkAsync().ConfigureAwait(false);
                    continue; // A request may have been made just before the work ended.
                }

                wakeUps.Hold();
                var wait = messages.BeginAsync();
                if (wait.IsCompletedSuccessfully) // A message was available, and another may be.
                {
                    if (wakeUps.OneMore() && !_turn!.TryServe(wakeUps))
                        return;
                    if (++_atHand % WakeUps.Patience == 0)
                        onRead();
                    continue;
                }

                // From here until the wait ends, notifications are delivered on another thread.
                backpressure.CaughtUp();
                if (!await new ReadingWait(wait, messages, wakeUps)) // In this method, because this thread may not return from it.
                {
                    wakeUps.StopHolding();
                    await onSilence().ConfigureAwait(false);
                }

                onRead();
            }
        }
        catch (Exception e)
        {
            _end.SetException(e);
        }
    }

    private async Task WorkAsync()
    {
        wakeUps.StopHolding();
        pulse.BeginSilence();
        await work.DoAsync(pulse.Token).ConfigureAwait(false);
        pulse.EndSilence();
    }
}
