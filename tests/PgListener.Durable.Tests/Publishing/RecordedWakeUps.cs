using System.Collections.Concurrent;
using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>Notes which channels were woken in this process.</summary>
internal sealed class RecordedWakeUps : IWakeUps
{
    private readonly ConcurrentQueue<string> _channels = [];

    public IReadOnlyCollection<string> Channels => _channels;

    public void Wake(string channel) => _channels.Enqueue(channel);
}
