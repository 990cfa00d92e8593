namespace PgListener.Dispatch;

/// <summary>Starts work of the listener's own, which must not inherit the ambient context of whoever happened to cause it.</summary>
internal static class DetachedTask
{
    public static Task Run(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Run(work);

        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }
}
