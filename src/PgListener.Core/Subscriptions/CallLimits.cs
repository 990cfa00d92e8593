namespace PgListener.Subscriptions;

/// <summary>
/// The time limits of one subscription's calls, and which of these calls hang: they are still running although their tokens were cancelled
/// some time ago.
/// </summary>
/// <remarks>A call that ends at the moment at which it would hang is decided under the lock, which also keeps the log lines in order.</remarks>
internal sealed class CallLimits(SubscriptionLog log, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostGrace = TimeSpan.FromSeconds(30);

    private readonly Lock _sync = new();

    /// <summary>The calls that hang, each with the time of its begin.</summary>
    private Dictionary<CallLimit, DateTimeOffset>? _calls;
    private volatile HangingCalls? _hanging;

    /// <summary>That of a call that has ended in time, for the next call. Calls that run one after the other have all the same.</summary>
    private CallLimit? _spare;
    private volatile bool _isDisposed;

    /// <summary>Whether the log says that calls hang, and has to say when none does any more.</summary>
    private bool _isLogged;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>The calls that hang now; <see langword="null"/> if none does.</summary>
    public HangingCalls? Hanging => _hanging;

    /// <summary>
    /// How long a call may take to end after its token was cancelled: the limit again, because long work takes longer to undo. At least a moment
    /// for it to notice; and at most a time after which somebody should look at it.
    /// </summary>
    public static TimeSpan GraceOf(TimeSpan limit) => limit < LeastGrace ? LeastGrace : limit > MostGrace ? MostGrace : limit;

    /// <summary>Begins the time limit of a call.</summary>
    /// <param name="after">How long it may take; <see langword="null"/> if there is no limit.</param>
    /// <param name="abort">Cancels the call's token too.</param>
    /// <returns>The limit, disposed of when the call has ended; <see langword="null"/> if there is none.</returns>
    public CallLimit? Begin(TimeSpan? after, CancellationToken abort)
    {
        if (after is not { } limit)
            return null;

        var call = Interlocked.Exchange(ref _spare, null);
        if (call?.Suits(limit, abort) != true)
        {
            call?.Close();
            call = new(limit, this, abort);
        }

        call.Begin();
        return call;
    }

    /// <summary>A call has ended in time.</summary>
    /// <returns>Whether its limit is kept for the next call.</returns>
    public bool TryKeep(CallLimit call)
    {
        if (Interlocked.CompareExchange(ref _spare, call, null) is not null)
            return false;

        if (_isDisposed)
            CloseSpare();
        return true;
    }

    /// <summary>A call should have ended by now. Unless it has, it hangs.</summary>
    public void Hang(CallLimit call)
    {
        lock (_sync)
        {
            if (call.HasEnded)
                return;

            var elapsed = time.GetElapsedTime(call.Began);
            (_calls ??= []).Add(call, time.GetUtcNow() - elapsed);
            Publish();
            _isLogged |= log.Hangs(elapsed, call.After, LogMore);
        }
    }

    /// <summary>A call has ended after its limit.</summary>
    public void End(CallLimit call)
    {
        lock (_sync)
        {
            if (_calls?.Remove(call) != true)
                return;

            Publish();
            if (_calls.Count > 0 || !_isLogged)
                return;

            _isLogged = false;
            log.HangsNoMore(time.GetElapsedTime(call.Began));
        }
    }

    /// <summary>What a call has registered on its token has thrown.</summary>
    public void CancelFailed(Exception error) => log.CancelFailed(error);

    /// <summary>No further call begins. Calls that are running keep their limits.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        CloseSpare();
    }

    private void CloseSpare() => Interlocked.Exchange(ref _spare, null)?.Close();

    private void Publish() => _hanging = _calls is { Count: > 0 } calls ? new(calls.Count, calls.Values.Min()) : null;

    /// <summary>More calls have hung since the last line.</summary>
    private void LogMore(long more)
    {
        lock (_sync)
        {
            log.HangsAgain(more, _calls!.Count);
            _isLogged = _calls.Count > 0;
        }
    }
}
