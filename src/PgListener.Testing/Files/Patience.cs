using System.Diagnostics;

namespace PgListener.Testing;

/// <summary>Retries what was denied, because a folder may be closed for a moment, for example while its permissions are set.</summary>
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
