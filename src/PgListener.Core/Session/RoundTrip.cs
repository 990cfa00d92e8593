using System.Globalization;
using PgListener.Connections;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Proves that notifications arrive: sends one on the private channel from a second connection and expects it on the first.
/// Nothing less is a proof: behind a pooler in transaction mode LISTEN succeeds, and the connection answers.
/// </summary>
internal sealed class RoundTrip(Waker waker, LastGood lastGood, TimeSpan limit, TimeProvider time)
{
    private readonly Lock _sync = new();
    private long _number;
    private long _session;
    private string? _awaited;
    private long _sent;
    private bool _isSent;
    private Action<TimeSpan?>? _settled;

    /// <summary>Sends one.</summary>
    /// <param name="session">The session that expects it.</param>
    /// <param name="settled">Called once with the time it took, when it has arrived; or with nothing, if it could not be sent and so proves nothing.</param>
    public void Begin(long session, Action<TimeSpan?> settled)
    {
        string payload;
        lock (_sync)
        {
            _awaited = payload = (++_number).ToString(CultureInfo.InvariantCulture);
            _session = session;
            _isSent = false;
            _settled = settled;
        }

        _ = DetachedTask.Run(() => SendAsync(payload));
    }

    /// <summary>What the session expects cannot come any more; its connection is gone.</summary>
    public void Abandon(long session)
    {
        lock (_sync)
        {
            if (_session == session)
                _awaited = null;
        }
    }

    /// <summary>A notification on the private channel.</summary>
    public void Receive(string payload)
    {
        Action<TimeSpan?>? settled;
        TimeSpan took;
        lock (_sync)
        {
            if (_awaited is null || payload != _awaited)
                return;

            // Notifications arrive in the order of their commits: what was committed before this one has arrived too.
            took = time.GetElapsedTime(_sent);
            lastGood.Prove(_sent);
            settled = _settled;
            _awaited = null;
        }

        settled?.Invoke(took);
    }

    /// <summary>
    /// Fails if one was sent for certain and has not arrived in time. To be called after a silence: while there is something to
    /// read, it may be behind that.
    /// </summary>
    public void ThrowIfOverdue()
    {
        lock (_sync)
        {
            if (_awaited is not null && _isSent && time.GetElapsedTime(_sent) is var waited && waited >= limit)
                throw new DeafConnectionException(waited);
        }
    }

    private async Task SendAsync(string payload)
    {
        var isSent = await waker.NotifyAsync(payload, () => BeginSending(payload)).ConfigureAwait(false);
        Action<TimeSpan?>? settled;
        lock (_sync)
        {
            if (_awaited != payload)
                return; // It has arrived already, or is not awaited any longer.

            _isSent = isSent;
            if (isSent)
                return;

            _awaited = null;
            settled = _settled;
        }

        settled?.Invoke(null);
    }

    private bool BeginSending(string payload)
    {
        lock (_sync)
        {
            _sent = time.GetTimestamp();
            return _awaited == payload;
        }
    }
}
