using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>
/// Lets messages about different keys be handled at the same time, and those about the same key one after the other, in any order: a value that is being read from the
/// distributed cache must not get into memory after its key was removed there.
/// </summary>
/// <remarks>
/// FusionCache compares the times of values, so their order does not matter. It takes the time of a tag's removal, or of a clear, as it comes; so an older one that comes after a newer one is left out here.
/// </remarks>
internal sealed class KeyTurns
{
    /// <summary>Keys share turns, by their hashes.</summary>
    private const int Count = 1024;

    private readonly Turn[] _turns = [.. Enumerable.Range(0, Count).Select(_ => new Turn())];

    /// <summary>Handles a message when it is the turn of its key.</summary>
    public async ValueTask RunAsync(BackplaneMessage message, bool isOfTag, Func<BackplaneMessage, ValueTask> handle)
    {
        var key = message.CacheKey ?? "";
        var turn = _turns[(uint)StringComparer.Ordinal.GetHashCode(key) % Count];
        await turn.Free.WaitAsync().ConfigureAwait(false);
        try
        {
            if (isOfTag && !turn.IsNewer(key, message.Timestamp))
                return;

            await handle(message).ConfigureAwait(false);
        }
        finally
        {
            turn.Free.Release();
        }
    }

    private sealed class Turn
    {
        /// <summary>How many tags are remembered. Only those of messages that are in progress at the same time matter.</summary>
        private const int Most = 64;

        private readonly Queue<string> _order = [];
        private readonly Dictionary<string, long> _latest = new(StringComparer.Ordinal);

        public SemaphoreSlim Free { get; } = new(1);

        /// <summary>Notes the removal of a tag.</summary>
        /// <returns>Whether there was no later one.</returns>
        public bool IsNewer(string tag, long at)
        {
            if (_latest.TryGetValue(tag, out var latest))
            {
                _latest[tag] = Math.Max(latest, at);
                return at >= latest;
            }

            _order.Enqueue(tag);
            _latest[tag] = at;
            if (_order.Count > Most)
                _latest.Remove(_order.Dequeue());
            return true;
        }
    }
}
