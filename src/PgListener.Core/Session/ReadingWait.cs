using System.Runtime.CompilerServices;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Awaits the next message, and lets the thread that has nothing more to read serve the consumers in the meantime. By then the continuation of the
/// awaiting code is registered, so that it runs on another thread when the message arrives, even if a consumer blocks this one.
/// </summary>
/// <param name="wait">Completes with the message, or with <see langword="false"/> after the silence that is allowed.</param>
/// <param name="messages">Begins and ends the waits.</param>
/// <param name="wakeUps">The consumers to serve.</param>
internal readonly struct ReadingWait(Task<bool> wait, MessageWait messages, WakeUps wakeUps) : ICriticalNotifyCompletion
{
    private readonly ConfiguredTaskAwaitable<bool>.ConfiguredTaskAwaiter _inner = wait.ConfigureAwait(false).GetAwaiter();

    public bool IsCompleted => _inner.IsCompleted;

    public ReadingWait GetAwaiter() => this;

    public bool GetResult()
    {
        var wasCut = messages.StopLimit();
        try
        {
            return _inner.GetResult();
        }
        catch (OperationCanceledException) when (wasCut)
        {
            return false;
        }
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        messages.StartLimit();
        var consumer = wakeUps.WakeAllButOne();
        var mayBlock = Thread.CurrentThread.IsThreadPoolThread;
        _inner.UnsafeOnCompleted(continuation);
        // From here on the awaiting code may be running on another thread, so its state must not be touched.
        if (mayBlock)
            consumer?.Wake();
        else
            consumer?.WakeOnPool(); // If the process runs socket completions inline, this thread serves all sockets.
    }
}
