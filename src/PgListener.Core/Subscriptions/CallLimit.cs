using System.Diagnostics.CodeAnalysis;

namespace PgListener.Subscriptions;

/// <summary>
/// The time limit of one call: cancels its token, and reports a call that is still running some time later. A call that has ended in time leaves
/// its limit to the next one. It keeps its values, because the setting may change in the meantime.
/// </summary>
/// <remarks>
/// One timer measures both times. It is not set for each call: it stays set when a call ends in time, and when it is due, the call that is
/// running then gets the rest of its own time.
/// </remarks>
[SuppressMessage("Usage", "CA2213", Justification = "The token source holds nothing to release, and the timer or the stop may be cancelling it at this moment.")]
internal sealed class CallLimit : IDisposable
{
    // What the limit is doing is one number, so that a timer that is late cannot take one call for the next: the lowest bits are the phase of the
    // call, the next one says whether the timer is set, and the others count the calls.
    private const long Phase = 3;
    private const long Idle = 0;
    private const long Running = 1;
    private const long Over = 2;
    private const long Ended = 3;
    private const long TimerIsSet = 4;
    private const long OneCall = 8;

    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration _abort;
    private readonly CallLimits _limits;
    private readonly ITimer _timer;
    private long _began;
    private long _state;

    /// <param name="after">How long a call may take.</param>
    /// <param name="limits">Decides whether a call hangs, and keeps the limit for the next call.</param>
    /// <param name="abort">Cancels a call's token too.</param>
    public CallLimit(TimeSpan after, CallLimits limits, CancellationToken abort)
    {
        After = after;
        _limits = limits;
        _abort = abort.UnsafeRegister(static self => ((CallLimit)self!)._source.Cancel(), this);
        _timer = limits.Time.CreateTimer(static self => ((CallLimit)self!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long a call may take.</summary>
    public TimeSpan After { get; }

    /// <summary>The timestamp of the call's begin.</summary>
    public long Began => Volatile.Read(ref _began);

    /// <summary>The cancellation token of the call.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the limit has passed, and the call has not ended.</summary>
    public bool IsOver => (Volatile.Read(ref _state) & Phase) == Over;

    /// <summary>Whether the call has ended after the limit had passed.</summary>
    public bool HasEnded => (Volatile.Read(ref _state) & Phase) == Ended;

    /// <summary>Whether a call can have it whose limit is this long, and whose token this one cancels.</summary>
    public bool Suits(TimeSpan after, CancellationToken abort) => After == after && _abort.Token == abort && !_source.IsCancellationRequested;

    /// <summary>A call begins. There is no other that has not ended.</summary>
    public void Begin()
    {
        Volatile.Write(ref _began, _limits.Time.GetTimestamp());
        if ((Interlocked.Add(ref _state, OneCall + Running) & TimerIsSet) != 0)
            return;

        Interlocked.Or(ref _state, TimerIsSet);
        _timer.Change(After, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The call has ended. The caller uses neither the limit nor its token after this.</summary>
    public void Dispose()
    {
        var state = Volatile.Read(ref _state);
        if ((state & Phase) == Running && Interlocked.CompareExchange(ref _state, state - Running, state) == state)
        {
            // What the call has left registered on its token does not concern the next one. A token that was cancelled is not used again.
            if (!_source.TryReset() || !_limits.TryKeep(this))
                Close();
            return;
        }

        Close();
        if ((Interlocked.Exchange(ref _state, Ended) & Phase) == Over)
            _limits.End(this);
    }

    /// <summary>No further call has it.</summary>
    public void Close()
    {
        _timer.Dispose();
        _abort.Unregister(); // Does not wait for what a call has registered on its token.
    }

    private void OnTime()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            switch (state & Phase)
            {
                case Idle:
                    // The next call sets the timer again.
                    if (Interlocked.CompareExchange(ref _state, state & ~TimerIsSet, state) == state)
                        return;
                    break;
                case Running:
                    if (After - _limits.Time.GetElapsedTime(Began) is { Ticks: > 0 } left)
                    {
                        _timer.Change(left < LeastWait ? LeastWait : left, Timeout.InfiniteTimeSpan);
                        return;
                    }

                    if (Interlocked.CompareExchange(ref _state, state + Over - Running, state) == state)
                    {
                        Cancel();
                        return;
                    }

                    break;
                case Over:
                    _limits.Hang(this);
                    return;
                default:
                    return;
            }
        }
    }

    private void Cancel()
    {
        // Before the token is cancelled, because what is registered on it may take for ever.
        _timer.Change(CallLimits.GraceOf(After), Timeout.InfiniteTimeSpan);
        try
        {
            _source.Cancel();
        }
        catch (Exception e)
        {
            // The user's code may throw anything, and nobody awaits a timer.
            _limits.CancelFailed(e);
        }
    }
}
