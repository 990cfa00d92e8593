namespace PgListener.Durable.Chaos.Writers;

/// <summary>Counts messages.</summary>
internal sealed class Numbers
{
    private long _last;

    /// <summary>The next number, from 1. Thread-safe.</summary>
    public long Next() => Interlocked.Increment(ref _last);
}
