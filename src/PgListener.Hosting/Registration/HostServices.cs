using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Tells the disposal of the host's services from a failure of a handler's.</summary>
internal static class HostServices
{
    /// <summary>Whether the host is being disposed of without a stop, as when its start has failed.</summary>
    public static bool AreGone(this IServiceScopeFactory scopes)
    {
        try
        {
            scopes.CreateScope().Dispose();
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>The listener is about to be disposed of too, and cancels its calls. That is no failure of the handler's.</summary>
    /// <param name="canceled">The token of the call.</param>
    public static Task WhenCanceledAsync(CancellationToken canceled) => Task.Delay(Timeout.InfiniteTimeSpan, canceled);
}
