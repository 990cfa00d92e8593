namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>Publishes for the methods of Entity Framework Core that block. The publisher has no such methods.</summary>
internal static class Blocking
{
    /// <summary>Runs an asynchronous method, and blocks until it has ended. Its continuations do not need the thread that is blocked.</summary>
    public static void Run(Func<Task> run)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            run().GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }
}
