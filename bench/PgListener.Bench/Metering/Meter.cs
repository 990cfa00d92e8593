using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Counts what the handlers of this process get, and measures what that takes. Every consumer's handler does this and nothing else.</summary>
internal sealed class Meter
{
    /// <summary>How often the memory in use is measured in the course of a load.</summary>
    private const int MemorySamples = 25;

    /// <summary>One for the process, as a handler without state has nothing to keep one in.</summary>
    public static readonly Meter Instance = new();

    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _done = new();
    private MeterOrder _order = new();
    private Lane[] _lanes = [new()];
    private long[]? _latencies;
    private long[] _arrivals = [];
    private long _spinTicks;
    private long _memoryEvery = long.MaxValue;
    private long _memoryAtRest;
    private long _memoryPeak;
    private int _lanesLeft;
    private long _first;
    private long _last;
    private Usage _begin;
    private Usage _end;

    /// <summary>Completes when the first notification has come, whichever it is.</summary>
    public Task Heard => _heard.Task;

    /// <summary>Gets ready for a load, in a process that does nothing at the moment.</summary>
    public void Arm(MeterOrder order)
    {
        _order = order;
        _lanes = [.. Enumerable.Range(0, order.Lanes).Select(_ => new Lane())];
        _lanesLeft = order.Lanes;
        _latencies = order.Latency ? new long[order.Count] : null;
        _spinTicks = order.SpinMicroseconds * Stopwatch.Frequency / 1_000_000;
        _memoryEvery = order.Memory ? Math.Max(1, order.Count / MemorySamples) : long.MaxValue;
        _arrivals = order.Arrivals ? new long[order.Count + 1] : [];
        _first = _last = 0;
        _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Calm.Wait();
        GC.Collect();
        _memoryAtRest = _memoryPeak = GC.GetTotalMemory(forceFullCollection: true);
        _begin = Usage.Begin();
    }

    /// <summary>When each id arrived, if that was ordered; the index is the id.</summary>
    public long[] Arrivals => _arrivals;

    /// <param name="started">When the consumer was told to start.</param>
    public MeterState Look(long started) => new(_lanes[0].Count, _lanes[0].Sum, Volatile.Read(ref _first), Volatile.Read(ref _last), started);

    public void Hit(BenchOrder order, int lane = 0) => Hit(order.Id, order.Sent, lane);

    /// <summary>For a handler that does not parse what it gets.</summary>
    public void Hit(string payload, int lane = 0) => Hit(Payload.IdOf(payload), _latencies is null ? 0 : Payload.SentOf(payload), lane);

    /// <summary>For handlers that may wait, and may run at the same time.</summary>
    public Task HitAsync(long id, long sent)
    {
        Hit(id, sent, 0);
        return _order.WaitMilliseconds == 0 ? Task.CompletedTask : Task.Delay(_order.WaitMilliseconds);
    }

    public void Hit(long id, long sent, int index)
    {
        if (id == 0)
        {
            _heard.TrySetResult();
            return;
        }

        if (_first == 0)
            Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        var now = _latencies is null ? 0 : Stopwatch.GetTimestamp();
        var count = _order.IsShared ? _lanes[index].AddShared(id) : _lanes[index].Add(id);
        if (_latencies is not null && count <= _latencies.Length)
            _latencies[count - 1] = now - sent;
        if (_arrivals.Length > 0)
            _arrivals[id] = now;
        if (_order.IsOpen)
            Volatile.Write(ref _last, Stopwatch.GetTimestamp());
        if (_spinTicks > 0)
            Spin();
        if (count % _memoryEvery == 0)
            SampleMemory();
        if (count == _order.Count && Interlocked.Decrement(ref _lanesLeft) == 0)
        {
            _end = Usage.End();
            _done.TrySetResult();
        }
    }

    /// <summary>Waits for the end of the load.</summary>
    /// <returns>The figures, by name.</returns>
    /// <exception cref="BenchException">Some did not come, or not the right ones.</exception>
    public Dictionary<string, double> Collect(TimeSpan limit)
    {
        if (_order.Count == 0)
            _end = Usage.End();
        else if (!_done.Task.Wait(limit))
            throw new BenchException($"Of {_order.Count} notifications, the handlers got {string.Join(", ", _lanes.Select(lane => lane.Count).Distinct())} in {limit:c}.");

        var sum = (long)_order.Count * (_order.Count + 1L) / 2;
        if (Array.Find(_lanes, lane => lane.Count != _order.Count || lane.Sum != sum) is { } wrong)
            throw new BenchException($"A handler got {wrong.Count} notifications with the sum {wrong.Sum}, not {_order.Count} with the sum {sum}.");

        return MeterFigures.Of(_order, _begin, _end, _first, _latencies, _memoryPeak - _memoryAtRest);
    }

    private void Spin()
    {
        var until = Stopwatch.GetTimestamp() + _spinTicks;
        while (Stopwatch.GetTimestamp() < until)
        {
            // Work for the processor, which is what makes a handler slow here.
        }
    }

    private void SampleMemory()
    {
        GC.Collect();
        _memoryPeak = Math.Max(_memoryPeak, GC.GetTotalMemory(forceFullCollection: false));
    }
}
