using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Walks;

namespace PgListener.Durable.Streams;

/// <summary>Reads the end of one channel's log for all of its streams, so that each message is read once, however many there are.</summary>
/// <remarks>
/// It reads window by window, when it is woken. A stream joins at the end of a window that begins after it has asked for a place. So the snapshot there is later than any that the stream
/// has a position in; what is between the two is one window of the stream's own, and nothing is missing or twice.
/// </remarks>
internal sealed class Tail : IAsyncDisposable
{
    private readonly StreamLogReader _reader;
    private readonly StreamProblems _problems;
    private readonly Func<CancellationToken, Task<Cluster>> _whenCoordinated;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly Signal _wake = new();
    private readonly Signal _again = new();
    private readonly Lock _sync = new();
    private readonly HashSet<Seat> _asking = [];
    private readonly HashSet<Seat> _members = [];

    /// <summary>Those that get a place at the end of the window that is being read.</summary>
    private Seat[] _next = [];
    private Boundary? _reached;
    private volatile LogPosition? _waitingAt;

    /// <param name="reader">Reads the log.</param>
    /// <param name="problems">Is told what fails.</param>
    /// <param name="whenCoordinated">Waits until it is known in which cluster the log is.</param>
    /// <param name="time">The clock.</param>
    public Tail(StreamLogReader reader, StreamProblems problems, Func<CancellationToken, Task<Cluster>> whenCoordinated, TimeProvider time)
    {
        (_reader, _problems, _whenCoordinated, _time) = (reader, problems, whenCoordinated, time);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The position up to which everything was read; <see langword="null"/> while it reads.</summary>
    public LogPosition? WaitingAt => _waitingAt;

    /// <summary>Reads, because there may be something new; if it is reading, once more. Thread-safe; does not block.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Reads as well, and at once even after a failure, because the database has just been reached.</summary>
    public void TryAgain()
    {
        _again.Set();
        _wake.Set();
    }

    /// <summary>Asks for a place, which is taken soon.</summary>
    public void Ask(Seat seat)
    {
        lock (_sync)
            _asking.Add(seat);
        _wake.Set();
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(Seat seat)
    {
        lock (_sync)
        {
            _asking.Remove(seat);
            _members.Remove(seat);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        for (var failures = 0; !stop.IsCancellationRequested;)
        {
            TimeSpan? delay = null;
            _again.Clear();
            try
            {
                await ReadWindowAsync(stop).ConfigureAwait(false);
                failures = 0;
                _problems.Clear();
                _waitingAt = _reached?.Position;
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                delay = _problems.Report(e, ++failures);
            }

            // After a failure it waits even if it is woken. That is not forgotten: what follows the rest of a window, and who has asked meanwhile, is for the window after it.
            var waiting = delay is null ? _wake.WaitAsync(stop) : _again.WaitAsync(delay, _time, stop);
            await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _waitingAt = null;
        }
    }

    private async Task ReadWindowAsync(CancellationToken stop)
    {
        var cluster = await _whenCoordinated(stop).ConfigureAwait(false);
        if (_reached?.Epoch.IsOf(cluster) == false)
            BeginAgain();
        if (_reached is null)
        {
            Choose();
            _reached = await _reader.FindNowAsync(cluster, stop).ConfigureAwait(false);
        }
        else
        {
            if (_reached.Position.Upto is null)
                Choose(); // After a failure in the middle of a window, the same ones.

            var isLast = false;
            while (!isLast)
            {
                if (await _reader.ReadAsync(_reached.Epoch, _reached.Position, int.MaxValue, stop).ConfigureAwait(false) is not { } page)
                {
                    BeginAgain();
                    return;
                }

                HandOut(page);
                _reached = _reached with { Position = page.After };
                isLast = page.Page.IsLast;
            }
        }

        GivePlaces(_reached);
    }

    private void Choose()
    {
        lock (_sync)
            _next = [.. _asking];
    }

    private void HandOut(StreamPage page)
    {
        if (!page.IsWorthReading)
            return;

        lock (_sync)
            _members.RemoveWhere(seat => !seat.TryAdd(page));
    }

    private void GivePlaces(Boundary boundary)
    {
        lock (_sync)
        {
            foreach (var seat in _next)
            {
                if (_asking.Remove(seat))
                {
                    seat.Take(boundary);
                    _members.Add(seat);
                }
            }

            _next = [];
        }
    }

    /// <summary>The server has crashed, or is another one. The streams find out when they join again.</summary>
    private void BeginAgain()
    {
        lock (_sync)
        {
            foreach (var seat in _members)
                seat.End();
            _members.Clear();
        }

        _reached = null;
        _wake.Set();
    }
}
