using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Makes figures of what was measured.</summary>
internal static class MeterFigures
{
    public static Dictionary<string, double> Of(MeterOrder order, Usage begin, Usage end, long first, long[]? latencies, long memory)
    {
        var elapsed = Stopwatch.GetElapsedTime(first == 0 ? begin.Timestamp : first, end.Timestamp);
        var cpu = end.Cpu - begin.Cpu;
        var figures = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Figure.Count] = order.Count,
            [Figure.ElapsedMs] = elapsed.TotalMilliseconds,
            [Figure.CpuMs] = cpu.TotalMilliseconds,
            [Figure.Gen0] = end.Gen0 - begin.Gen0,
            [Figure.Gen1] = end.Gen1 - begin.Gen1,
            [Figure.Gen2] = end.Gen2 - begin.Gen2,
            [Figure.GcPauseMs] = (end.Pauses - begin.Pauses).TotalMilliseconds,
            [Figure.Switches] = end.Switches - begin.Switches,
        };

        if (order.Count > 0)
        {
            var calls = (double)order.Count * order.Lanes;
            figures[Figure.Rate] = order.Count / elapsed.TotalSeconds;
            figures[Figure.CallRate] = calls / elapsed.TotalSeconds;
            figures[Figure.CpuNs] = cpu.TotalNanoseconds / calls;
            figures[Figure.Bytes] = (end.Allocated - begin.Allocated) / calls;
            figures[Figure.SwitchesEach] = (end.Switches - begin.Switches) / calls;
        }

        if (order.Memory)
            figures[Figure.PeakMb] = memory / 1e6;
        if (latencies is not null)
            AddLatencies(figures, latencies);
        return figures;
    }

    /// <param name="figures">The figures, which get those of the latencies.</param>
    /// <param name="latencies">In ticks of the machine's monotonic clock; they are sorted.</param>
    public static void AddLatencies(Dictionary<string, double> figures, long[] latencies)
    {
        Array.Sort(latencies);
        figures[Figure.P50] = MicrosecondsAt(0.5);
        figures[Figure.P99] = MicrosecondsAt(0.99);
        figures[Figure.Max] = MicrosecondsAt(1);

        double MicrosecondsAt(double quantile)
            => Stopwatch.GetElapsedTime(0, latencies[(int)Math.Ceiling(quantile * latencies.Length) - 1]).TotalMicroseconds;
    }
}
