namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>The context of a thread that never gets round to what is posted to it.</summary>
internal sealed class BusyThread : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state)
    {
    }
}
