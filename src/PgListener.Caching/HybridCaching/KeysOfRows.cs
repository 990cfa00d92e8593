using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>The application's function from the key of a row to that of the cache. If it fails, it is not known what to remove.</summary>
internal sealed class KeysOfRows(Func<ChangeKey, string> keyOf, string table)
{
    private int _isLogged;

    /// <returns><see langword="null"/> if the function fails for one of the rows.</returns>
    public IReadOnlyCollection<string>? TryGet(IReadOnlyList<ChangeKey> rows, ILogger logger)
    {
        var keys = new string[rows.Count];
        try
        {
            for (var i = 0; i < keys.Length; i++)
                keys[i] = keyOf(rows[i]) ?? throw new InvalidOperationException($"The function has returned null for the row with the key '{rows[i]}'.");
            return keys;
        }
        catch (Exception e)
        {
            // The application's function may throw anything, and would again; once in the log is enough.
            if (Interlocked.Exchange(ref _isLogged, 1) == 0)
                logger.KeyUnknown(e, table);
            return null;
        }
    }
}
