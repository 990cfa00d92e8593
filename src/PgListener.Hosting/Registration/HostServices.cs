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

    /// <summary>Waits for the end of a call, and disposes of its scope.</summary>
    /// <param name="scopes">Creates the scopes.</param>
    /// <param name="scope">The scope; <see langword="null"/> if it could not be created.</param>
    /// <param name="call">The call.</param>
    /// <param name="canceled">The token of the call.</param>
    public static async Task EndAsync(this IServiceScopeFactory scopes, AsyncServiceScope? scope, Task call, CancellationToken canceled)
    {
        try
        {
            try
            {
                await call.ConfigureAwait(false);
            }
            finally
            {
                if (scope is { } open)
                    await open.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException) when (scopes.AreGone())
        {
            await WhenCanceledAsync(canceled).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the call is cancelled. The listener is about to be disposed of too, and cancels its calls, so the handler has not failed.</summary>
    /// <param name="canceled">The token of the call.</param>
    public static Task WhenCanceledAsync(CancellationToken canceled) => Task.Delay(Timeout.InfiniteTimeSpan, canceled);
}
