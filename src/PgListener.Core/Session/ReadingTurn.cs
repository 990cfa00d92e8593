using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Whose turn it is to read. The thread that reads may run a quick consumer between two reads, which costs less than a change of threads. A consumer
/// that does not return within a moment keeps its thread, and the reading goes on on another one.
/// </summary>
/// <param name="goOn">Goes on reading, on another thread. Called on the clock's thread.</param>
/// <param name="clock">Not the application's, because reading must go on even if that one stands still, as in tests.</param>
internal sealed class ReadingTurn(Action goOn, TimeProvider clock) : IDisposable
{
    /// <summary>How long a consumer may keep the thread that reads. It is found out after twice this time at most.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    /// <summary>Consumers that need longer for what has gathered are better off on a thread of their own.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(2);

    /// <summary>How often one that was slow may be run here before its time, because it may only have been cold.</summary>
    private static readonly TimeSpan BetweenTrials = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new();
    private ITimer? _timer;
    private bool _isWatching;
    private ConsumerSignal? _consumer;

    // Only the thread that reads uses these two.
    private long _trial = clock.GetTimestamp();
    private bool _mayTry;

    /// <summary>Counts the consumers that were run. Only the thread that reads writes it.</summary>
    private long _last;

    /// <summary>The number of the consumer that is running; 0 if the thread reads.</summary>
    private long _running;
    private long _since;
    private long _seen;

    /// <summary>Runs the delayed consumers that are quick on this thread, for a short time. The others are woken on other threads.</summary>
    /// <returns>Whether it is still the turn of this thread. If not, the reading already goes on elsewhere, and this thread must not touch it.</returns>
    public bool TryServe(WakeUps wakeUps)
    {
        if (Thread.CurrentThread.IsThreadPoolThread) // If the process runs socket completions inline, this thread serves all sockets.
        {
            var begun = clock.GetTimestamp();
            if (!_mayTry && clock.GetElapsedTime(_trial, begun) >= BetweenTrials)
                (_mayTry, _trial) = (true, begun);
            while (clock.GetElapsedTime(begun) < Quick && wakeUps.TakeQuick(ref _mayTry) is { } consumer)
            {
                if (!TryRun(consumer))
                    return false;
            }
        }

        wakeUps.WakeAll();
        return true;
    }

    public void Dispose() => _timer?.Dispose();

    private bool TryRun(ConsumerSignal consumer)
    {
        var number = ++_last;
        var since = clock.GetTimestamp();
        _consumer = consumer;
        Volatile.Write(ref _since, since);
        Interlocked.Exchange(ref _running, number);
        Watch();
        consumer.Wake();
        if (Interlocked.CompareExchange(ref _running, 0, number) != number)
            return false;

        if (clock.GetElapsedTime(since) > Quick)
            consumer.NoteSlow();
        else
            consumer.NoteQuick();
        return true;
    }

    /// <summary>The timer runs as long as consumers are run here, so that it is not set for each of them.</summary>
    private void Watch()
    {
        if (Volatile.Read(ref _isWatching))
            return;

        lock (_sync)
        {
            _isWatching = true;
            _timer ??= clock.CreateTimer(static self => ((ReadingTurn)self!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Moment, Moment);
        }
    }

    private void Look()
    {
        var running = Interlocked.Read(ref _running);
        if (running == 0)
        {
            Rest();
            return;
        }

        // A consumer that has begun in between has another number, and is left alone.
        if (clock.GetElapsedTime(Volatile.Read(ref _since)) < Moment || Interlocked.CompareExchange(ref _running, 0, running) != running)
            return;

        _consumer!.NoteStuck();
        goOn();
    }

    /// <summary>Stops the timer, if no consumer was run since it was last due.</summary>
    private void Rest()
    {
        lock (_sync)
        {
            if (_seen != Volatile.Read(ref _last))
            {
                _seen = Volatile.Read(ref _last);
                return;
            }

            Volatile.Write(ref _isWatching, false);
            Interlocked.MemoryBarrier();
            if (Interlocked.Read(ref _running) != 0)
                _isWatching = true; // It has begun in between, and may not have seen that nothing watches it.
            else
                _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
