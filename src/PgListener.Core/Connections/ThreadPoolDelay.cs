namespace PgListener.Connections;

/// <summary>How late this process's own thread pool is: what it does not get to do is nobody else's fault.</summary>
internal static class ThreadPoolDelay
{
    /// <summary>More than this is no ordinary load.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromMilliseconds(500);

    /// <summary>Goes through the pool once, behind all that waits in it.</summary>
    /// <returns>How long that took.</returns>
    public static async Task<TimeSpan> MeasureAsync(TimeProvider time)
    {
        var begun = time.GetTimestamp();
        var done = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static done => done.SetResult(), done, preferLocal: false);
        await done.Task.ConfigureAwait(false);
        return time.GetElapsedTime(begun);
    }
}
