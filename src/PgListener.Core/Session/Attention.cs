namespace PgListener.Session;

/// <summary>
/// How one session learns of a request. While it works, it looks for requests by itself before it reads again. While it reads, its connection
/// must be woken, which takes a notification from a second connection and a change of threads. Requests often follow each other
/// closely, as when an application adds its channels one after the other. Then the session waits a moment for the next one before it reads, and
/// a signal is enough.
/// </summary>
/// <remarks>The session's task calls all members except <see cref="Call"/>, which any thread may call.</remarks>
/// <param name="isRequested">Whether there is a request.</param>
/// <param name="wake">Ends the wait for a message, if the function that it is given returns <see langword="true"/>.</param>
/// <param name="moment">Requests that follow each other within this time are close, and for this time at most the session waits for the next one.</param>
internal sealed class Attention(Func<bool> isRequested, Action<Func<bool>> wake, TimeSpan moment) : IDisposable
{
    /// <summary>Notifications may be delivered later by this. An application that awaits each request takes less than a tenth of it in between.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    private const int Working = 0;
    private const int Waiting = 1;
    private const int Reading = 2;

    /// <summary>Not the application's clock, because reading must go on even if that one stands still, as in tests.</summary>
    private static readonly TimeProvider Clock = TimeProvider.System;

    private int _state = Working;
    private TaskCompletionSource<bool>? _next;
    private ITimer? _limit;
    private long _worked;
    private bool _isClose;

    /// <summary>There is a request, which was made before this call.</summary>
    /// <param name="isNeeded">Called before the connection is woken.</param>
    public void Call(Func<bool> isNeeded)
    {
        var state = Interlocked.CompareExchange(ref _state, Working, Waiting);
        if (state == Waiting)
            _next!.SetResult(true);
        else if (state == Reading)
            wake(isNeeded);
    }

    /// <summary>The session stops reading. From now on it looks for requests by itself.</summary>
    public void BeginWork()
    {
        Volatile.Write(ref _state, Working);
        _isClose = _worked != 0 && Clock.GetElapsedTime(_worked) < moment;
    }

    /// <summary>The session has served all requests. If they followed each other closely, it waits a moment for the next one.</summary>
    /// <returns>Whether there is one.</returns>
    public Task<bool> WaitForNextAsync()
    {
        _worked = Clock.GetTimestamp();
        if (!_isClose)
            return Task.FromResult(false);

        var next = _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _state, Waiting);
        if (isRequested() && TryEndWait())
            return Task.FromResult(true); // It was made before this method could be signalled.

        _limit ??= Clock.CreateTimer(static self => ((Attention)self!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _limit.Change(moment, Timeout.InfiniteTimeSpan);
        return next.Task;
    }

    /// <summary>The session is about to read. After this it has to look for requests once more.</summary>
    public void EndWork() => Interlocked.Exchange(ref _state, Reading);

    public void Dispose() => _limit?.Dispose();

    private bool TryEndWait() => Interlocked.CompareExchange(ref _state, Working, Waiting) == Waiting;

    /// <summary>The timer may have been set for an earlier wait. Then this one only ends too soon.</summary>
    private void GiveUp()
    {
        if (TryEndWait())
            _next!.SetResult(false);
    }
}
