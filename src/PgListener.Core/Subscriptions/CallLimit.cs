using System.Diagnostics.CodeAnalysis;

namespace PgListener.Subscriptions;

/// <summary>
/// The time limit of one call: cancels its token, and reports a call that is still running some time later. It keeps its values, because the
/// setting may change in the meantime.
/// </summary>
/// <remarks>One timer measures both times. It is set again only when the limit has passed, so a call that ends in time costs no more for the second one.</remarks>
[SuppressMessage("Usage", "CA2213", Justification = "The token source holds nothing to release, and the timer or the stop may be cancelling it at this moment.")]
internal sealed class CallLimit : IDisposable
{
    private const int Running = 0;
    private const int Over = 1;
    private const int Ended = 2;

    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration _abort;
    private readonly CallLimits _limits;
    private readonly ITimer _timer;
    private int _state;

    /// <param name="after">How long the call may take.</param>
    /// <param name="limits">Decides whether the call hangs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="abort">Cancels the call's token too.</param>
    public CallLimit(TimeSpan after, CallLimits limits, TimeProvider time, CancellationToken abort)
    {
        After = after;
        _limits = limits;
        Began = time.GetTimestamp();
        _abort = abort.UnsafeRegister(static self => ((CallLimit)self!)._source.Cancel(), this);

        // Set when the field is, because it may be due at once.
        _timer = time.CreateTimer(static self => ((CallLimit)self!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long the call may take.</summary>
    public TimeSpan After { get; }

    /// <summary>The timestamp of its begin.</summary>
    public long Began { get; }

    /// <summary>The cancellation token of the call.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the limit has passed, and the call has not ended.</summary>
    public bool IsOver => Volatile.Read(ref _state) == Over;

    /// <summary>Whether the call has ended.</summary>
    public bool HasEnded => Volatile.Read(ref _state) == Ended;

    /// <summary>The call has ended.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        _abort.Unregister(); // Does not wait for what the call has registered on its token.
        if (Interlocked.Exchange(ref _state, Ended) == Over)
            _limits.End(this);
    }

    private void OnTime()
    {
        var state = Interlocked.CompareExchange(ref _state, Over, Running);
        if (state == Running)
            Cancel();
        else if (state == Over)
            _limits.Hang(this);
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
