using PgListener.Subscriptions;

namespace PgListener.Testing.Memory;

/// <summary>The calls that have ended, in the order in which they ended, and the waits for them.</summary>
internal sealed class CallLog
{
    private readonly Lock _sync = new();
    private readonly List<HandlerCall> _calls = [];
    private readonly Dictionary<CallSubject, Tally> _tallies = [];
    private readonly List<CallWait> _waits = [];

    public HandlerCall[] Calls
    {
        get
        {
            lock (_sync)
                return [.. _calls];
        }
    }

    /// <summary>A call has ended.</summary>
    /// <param name="call">The call.</param>
    /// <param name="counters">Those of the subscription that was called.</param>
    public void Add(HandlerCall call, SubscriptionCounters counters)
    {
        lock (_sync)
        {
            _calls.Add(call);
            TallyOf(new(call.Listener, call.Channel, call.Handler, counters, call.Resync?.Reason)).Add(call.Exception);
            _waits.RemoveAll(wait => wait.TryEnd(TallyOf));
        }
    }

    /// <summary>How many calls of a subject have ended.</summary>
    public int CountOf(CallSubject subject)
    {
        lock (_sync)
            return TallyOf(subject).Count;
    }

    /// <summary>Removes the calls of listeners.</summary>
    public void Forget(Func<string, bool> isOf)
    {
        lock (_sync)
        {
            _calls.RemoveAll(call => isOf(call.Listener));
            foreach (var subject in _tallies.Keys.Where(subject => isOf(subject.Listener)).ToArray())
                _tallies.Remove(subject);
        }
    }

    /// <summary>Waits until a number of calls of each subject have ended.</summary>
    /// <param name="wait">What to wait for.</param>
    /// <param name="limit">How long to wait, by the system's clock, because no test advances a fake clock while it waits.</param>
    /// <returns>Whether they have ended. Unless failures are allowed, throws the exception of a call that has failed.</returns>
    public async Task<bool> WaitAsync(CallWait wait, TimeSpan limit)
    {
        lock (_sync)
        {
            if (!wait.TryEnd(TallyOf))
                _waits.Add(wait);
        }

        await wait.Ended.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_sync)
        {
            if (_waits.Remove(wait))
                return false;
        }

        await wait.Ended.ConfigureAwait(false);
        return true;
    }

    private Tally TallyOf(CallSubject subject)
    {
        if (!_tallies.TryGetValue(subject, out var tally))
            _tallies.Add(subject, tally = new());
        return tally;
    }
}
