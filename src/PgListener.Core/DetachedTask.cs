namespace PgListener;

/// <summary>Starts the listener's own work, which must not inherit the ambient context of the code that caused it.</summary>
internal static class DetachedTask
{
    public static Task Run(Func<Task> work) => Begin(() => Task.Run(work));

    /// <summary>Begins work on this thread that first waits for something; what it does after that is detached.</summary>
    public static Task Begin(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return work();

        using (ExecutionContext.SuppressFlow())
            return work();
    }
}
