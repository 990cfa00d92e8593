using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Distinguishes the disposal of the host's services from a failure of a handler.</summary>
internal static class HostServices
{
    /// <summary>Whether the host was disposed of without a stop, because its start has failed.</summary>
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

    /// <summary>Waits until the call is cancelled. The listener is about to be disposed of too, and cancels its calls, so the handler has not failed.</summary>
    /// <param name="canceled">The token of the call.</param>
    public static Task WhenCanceledAsync(CancellationToken canceled) => Task.Delay(Timeout.InfiniteTimeSpan, canceled);
}
