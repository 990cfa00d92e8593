namespace PgListener.Bench;

/// <summary>What one handler got, or several together.</summary>
internal sealed class Lane
{
    private long _count;
    private long _sum;

    public long Count => _count;

    public long Sum => _sum;

    /// <summary>For one handler, which gets its notifications one after the other.</summary>
    public long Add(long id)
    {
        _sum += id;
        return ++_count;
    }

    /// <summary>For handlers that run at the same time.</summary>
    public long AddShared(long id)
    {
        Interlocked.Add(ref _sum, id);
        return Interlocked.Increment(ref _count);
    }
}
