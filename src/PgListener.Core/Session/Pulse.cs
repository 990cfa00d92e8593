using Npgsql;
using PgListener.Connections;

namespace PgListener.Session;

/// <summary>
/// Finds out whether a session is still alive while it does not read: reading is paused by a full queue, or a command is under way.
/// Then nothing would be noticed on the connection itself, so the server is asked on a second one.
/// </summary>
internal sealed class Pulse : IDisposable
{
    private readonly SecondConnection _second;
    private readonly TimeSpan _keepAlive;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over;
    private readonly ITimer _timer;
    private ServerIdentity? _identity;
    private long _silentSince;
    private long _lastSign;
    private int _isAsking;
    private volatile LostConnectionException? _loss;

    public Pulse(SecondConnection second, TimeSpan keepAlive, TimeProvider time, CancellationToken stopping)
    {
        _second = second;
        _keepAlive = keepAlive;
        _time = time;
        _over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Token = _over.Token;
        _timer = time.CreateTimer(static self => ((Pulse)self!).Look(), this, Period, Period);
    }

    /// <summary>Cancelled when the session is found to be lost, and at the stop.</summary>
    public CancellationToken Token { get; }

    /// <summary>Why the session is lost, if it is.</summary>
    public LostConnectionException? Loss => _loss;

    private TimeSpan Period => _keepAlive / 2;

    /// <summary>What the session is called on the server, once it is known.</summary>
    public void Know(ServerIdentity? identity) => _identity = identity;

    /// <summary>From now on the session does not read.</summary>
    public void BeginSilence()
    {
        Volatile.Write(ref _lastSign, _time.GetTimestamp());
        Volatile.Write(ref _silentSince, Math.Max(1, _time.GetTimestamp()));
    }

    /// <summary>From now on it reads: a loss shows by itself.</summary>
    public void EndSilence() => Volatile.Write(ref _silentSince, 0);

    public void Dispose()
    {
        _timer.Dispose();
        _over.Dispose();
    }

    private void Look()
    {
        if (Volatile.Read(ref _silentSince) is not (> 0 and var since) || _time.GetElapsedTime(since) < Period)
            return;
        if (Interlocked.Exchange(ref _isAsking, 1) == 0)
            _ = DetachedTask.Run(() => LookAsync(since));
    }

    private async Task LookAsync(long since)
    {
        var asked = _time.GetTimestamp();
        var answer = Answer.None;
        try
        {
            answer = await AskAsync().WaitAsync(Period, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException) when (_second.IsPooled)
        {
            answer = Answer.Unknown; // Perhaps it waits for others who use the caller's pool.
        }
        catch (TimeoutException)
        {
            // No answer is what it is taken for.
        }

        if (answer is Answer.Alive or Answer.Unknown)
            Volatile.Write(ref _lastSign, asked);
        else if (Volatile.Read(ref _silentSince) == since)
            await JudgeAsync(answer).ConfigureAwait(false);
        Volatile.Write(ref _isAsking, 0);
    }

    private async Task<Answer> AskAsync()
    {
        var answer = Answer.None;
        try
        {
            await _second.UseNewAsync(async (connection, cancellation) =>
                answer = _identity is not { } identity || await identity.IsAliveAsync(connection, cancellation).ConfigureAwait(false) ? Answer.Alive : Answer.Gone).ConfigureAwait(false);
            return answer;
        }
        catch (PostgresException e)
        {
            // A server that refuses lives, and so do its sessions, unless it is shutting down or starting.
            return e.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown ? Answer.None : Answer.Alive;
        }
        catch (Exception e)
        {
            // What never came to the network, such as an exhausted pool or a failing password provider, says nothing of the server.
            return Diagnosis.IsOfNetwork(e) ? Answer.None : Answer.Unknown;
        }
    }

    private async Task JudgeAsync(Answer answer)
    {
        var silence = _time.GetElapsedTime(Volatile.Read(ref _lastSign));
        if (answer == Answer.Gone)
            _loss = new("While reading was paused or a command was under way, the server has ended the session that listens. It was asked on a second connection.");
        else if (silence >= _keepAlive + Period && await ThreadPoolDelay.MeasureAsync(_time).ConfigureAwait(false) <= ThreadPoolDelay.Tolerated)
            _loss = new($"While reading was paused or a command was under way, the server could not be reached on a second connection for {silence.TotalSeconds:0} s: a firewall, a failed host, or too much load.");
        if (_loss is null)
            return;

        try
        {
            await _over.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The session has ended by itself meanwhile.
        }
    }

    private enum Answer
    {
        /// <summary>The server did not answer.</summary>
        None,

        /// <summary>It could not be asked, for a reason that is not the server's.</summary>
        Unknown,

        Alive,
        Gone,
    }
}
