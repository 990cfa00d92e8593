using Npgsql;
using PgListener.Connections;

namespace PgListener.Session;

/// <summary>
/// Finds out whether a session is still alive while it does not read, because a full queue pauses reading or a command is in progress.
/// A loss does not show on the connection itself then, so the server is asked on a second one.
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
    private int _isTicking;
    private volatile LostConnectionException? _loss;

    public Pulse(SecondConnection second, TimeSpan keepAlive, TimeProvider time, CancellationToken stopping)
    {
        _second = second;
        _keepAlive = keepAlive;
        _time = time;
        _over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Token = _over.Token;
        _timer = time.CreateTimer(static self => ((Pulse)self!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when the session is found to be lost, and at the stop.</summary>
    public CancellationToken Token { get; }

    /// <summary>Why the session was lost, if it was.</summary>
    public LostConnectionException? Loss => _loss;

    private TimeSpan Period => _keepAlive / 2;

    /// <summary>Identifies the session on the server, once it is known.</summary>
    public void Know(ServerIdentity? identity) => _identity = identity;

    /// <summary>The session stops reading.</summary>
    public void BeginSilence()
    {
        Volatile.Write(ref _lastSign, _time.GetTimestamp());
        Volatile.Write(ref _silentSince, Math.Max(1, _time.GetTimestamp()));
        Tick();
    }

    /// <summary>The session reads again, so a loss shows by itself.</summary>
    public void EndSilence() => Volatile.Write(ref _silentSince, 0);

    public void Dispose()
    {
        _timer.Dispose();
        _over.Dispose();
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) == 0)
            _timer.Change(Period, Period);
    }

    /// <summary>While the session reads, nothing wakes this process. Short silences that follow each other keep the timer running, so they do not set it.</summary>
    private void Rest()
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _isTicking, 0);
        if (Volatile.Read(ref _silentSince) > 0)
            Tick(); // The silence began in between.
    }

    private void Look()
    {
        if (Volatile.Read(ref _silentSince) is not (> 0 and var since))
        {
            Rest();
            return;
        }

        if (_time.GetElapsedTime(since) < Period)
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
            answer = Answer.Unknown; // It may be waiting for other users of the caller's pool.
        }
        catch (TimeoutException)
        {
            // Counts as no answer.
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
            // A server that refuses is running, and so are its sessions, unless it is shutting down or starting.
            return e.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown ? Answer.None : Answer.Alive;
        }
        catch (Exception e)
        {
            // A failure that did not come from the network, such as an exhausted pool or a failing password provider, says nothing about the server.
            return Diagnosis.IsOfNetwork(e) ? Answer.None : Answer.Unknown;
        }
    }

    private async Task JudgeAsync(Answer answer)
    {
        var silence = _time.GetElapsedTime(Volatile.Read(ref _lastSign));
        if (answer == Answer.Gone)
            _loss = new("While reading was paused or a command was under way, the server ended the session that listens, as a second connection has found out.");
        else if (silence >= _keepAlive + Period && await ThreadPoolDelay.MeasureAsync(_time).ConfigureAwait(false) <= ThreadPoolDelay.Tolerated)
            _loss = new($"While reading was paused or a command was under way, the server could not be reached on a second connection for {silence.TotalSeconds:0} s. Check for a firewall, a failed host, or too much load.");
        if (_loss is null)
            return;

        try
        {
            await _over.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The session has already ended by itself.
        }
    }

    private enum Answer
    {
        /// <summary>The server did not answer.</summary>
        None,

        /// <summary>It could not be asked, for a reason that has nothing to do with the server.</summary>
        Unknown,

        Alive,
        Gone,
    }
}
