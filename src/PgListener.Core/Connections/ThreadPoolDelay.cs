namespace PgListener.Connections;

/// <summary>Measures how late this process's thread pool is, so that the server is not blamed for it.</summary>
internal static class ThreadPoolDelay
{
    /// <summary>A longer delay is not ordinary load.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromMilliseconds(500);

    /// <summary>Queues a work item, and waits for it.</summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> MeasureAsync(TimeProvider time)
    {
        var begun = time.GetTimestamp();
        var done = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static done => done.SetResult(), done, preferLocal: false);
        await done.Task.ConfigureAwait(false);
        return time.GetElapsedTime(begun);
    }
}
