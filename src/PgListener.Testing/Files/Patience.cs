using System.Diagnostics;

namespace PgListener.Testing;

/// <summary>Tries again what was denied: somebody may have closed a folder for a moment, to set its permissions for instance.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task<T> TryAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (EphemeralPostgresException e) when (e.IsPermissionDenied && clock.Elapsed < Limit)
            {
                // There is no event to wait for.
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
