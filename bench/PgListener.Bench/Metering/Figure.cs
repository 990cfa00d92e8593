namespace PgListener.Bench;

/// <summary>The names of figures, as they stand in the raw results.</summary>
internal static class Figure
{
    public const string Bytes = "bytes";
    public const string CallRate = "call_rate";
    public const string Count = "count";
    public const string CpuMs = "cpu_ms";
    public const string CpuNs = "cpu_ns";
    public const string DeadRows = "dead_rows";
    public const string ElapsedMs = "elapsed_ms";
    public const string Gen0 = "gc0";
    public const string Gen1 = "gc1";
    public const string Gen2 = "gc2";
    public const string GcPauseMs = "gc_pause_ms";
    public const string JoinMs = "join_ms";
    public const string LeastShare = "least_share";
    public const string Max = "max_us";
    public const string P50 = "p50_us";
    public const string P99 = "p99_us";
    public const string PeakMb = "peak_mb";
    public const string ServerCpuNs = "server_cpu_ns";
    public const string Rate = "rate";
    public const string StartMs = "start_ms";
    public const string Switches = "switches";
    public const string SwitchesEach = "switches_each";
    public const string TakeoverMs = "takeover_ms";
    public const string Transactions = "transactions_per_s";
}
