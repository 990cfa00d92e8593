using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace PgListener.ChangeTokens;

/// <summary>The tokens for the rows of one table.</summary>
/// <typeparam name="T">The class that stands for the table.</typeparam>
internal sealed class TableTokens<T>(ILogger logger) : IChangeTokens<T>
{
    private readonly PendingChanges _pending = new();

    /// <summary>How many rows somebody has a token for.</summary>
    public int Count => _pending.Count;

    public IChangeToken GetToken() => _pending.GetToken(key: null);

    public IChangeToken GetToken(ChangeKey key) => _pending.GetToken(key);

    public void Fire(Changes<T> changes) => Fire(_pending.Take(changes.Keys));

    public void FireAll() => Fire(_pending.TakeAll());

    private void Fire(IReadOnlyList<RowChange> changes)
    {
        var failed = 0;
        Exception? first = null;
        foreach (var change in changes)
        {
            try
            {
                change.Happen();
            }
            catch (AggregateException e)
            {
                failed += e.InnerExceptions.Count;
                first ??= e.InnerException;
            }
        }

        if (first is not null)
            logger.TokenCallbacksFailed(first, typeof(T).Name, failed);
    }
}
