namespace PgListener.Subscriptions;

/// <summary>
/// Which queued item is the newest of each channel, for <see cref="FullQueueMode.KeepLatest"/>. Only items after the last gap
/// count, because an item before a gap must not move behind it.
/// </summary>
internal sealed class LatestByChannel
{
    private readonly Dictionary<string, int> _sequences = new(StringComparer.Ordinal);

    /// <summary>Begins with what is queued already.</summary>
    public LatestByChannel(ItemRing items)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Gap is null)
                _sequences[items[i].Channel] = items[i].Sequence;
            else
                _sequences.Clear();
        }
    }

    public bool TryFind(string channel, out int sequence) => _sequences.TryGetValue(channel, out sequence);

    public void Add(string channel, int sequence) => _sequences[channel] = sequence;

    /// <summary>The item was taken.</summary>
    public void Remove(in QueueItem item)
    {
        if (_sequences.TryGetValue(item.Channel, out var newest) && newest == item.Sequence)
            _sequences.Remove(item.Channel);
    }

    /// <summary>A gap follows.</summary>
    public void Clear() => _sequences.Clear();
}
