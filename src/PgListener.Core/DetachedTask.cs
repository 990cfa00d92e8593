namespace PgListener;

/// <summary>Starts work of the listener's own, which must not inherit the ambient context of the code that happened to cause it.</summary>
internal static class DetachedTask
{
    public static Task Run(Func<Task> work) => Begin(() => Task.Run(work));

    /// <summary>Begins work on this thread, which is to wait for something first: what it does after that is detached.</summary>
    public static Task Begin(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return work();

        using (ExecutionContext.SuppressFlow())
            return work();
    }
}
