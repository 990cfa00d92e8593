using System.Runtime.CompilerServices;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Awaits the next message, and lets the thread that has nothing more to read serve the consumers meanwhile: by then the
/// awaiting code is bound to go on elsewhere as soon as the message comes, whatever the consumers do with this thread.
/// </summary>
/// <param name="wait">Completes with the message, or with <see langword="false"/> after the silence that is allowed.</param>
/// <param name="messages">Where the wait comes from.</param>
/// <param name="wakeUps">The consumers that are to be served.</param>
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
        // From here on the awaiting code may be running on another thread: nothing of its own may be touched.
        if (mayBlock)
            consumer?.Wake();
        else
            consumer?.WakeOnPool(); // This is a thread that serves all sockets, if the process has its completions run inline.
    }
}
