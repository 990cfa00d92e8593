namespace PgListener;

/// <summary>How long to wait before the next attempt.</summary>
internal static class Backoff
{
    /// <summary>Doubles from <paramref name="first"/> to <paramref name="most"/>, and draws a time between half and all of that at random.</summary>
    /// <param name="failures">How many attempts have failed in a row, from 1.</param>
    /// <param name="first">The longest first wait.</param>
    /// <param name="most">The longest wait of all.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive).</param>
    public static TimeSpan Next(int failures, TimeSpan first, TimeSpan most, double random)
    {
        var doublings = Math.Min(failures - 1, 30);
        var ceiling = Math.Min(first.Ticks * Math.Pow(2, doublings), most.Ticks);
        return TimeSpan.FromTicks((long)(ceiling * (0.5 + random / 2)));
    }
}
