using System.Globalization;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>Finds which shards have got another holder since the previous reading.</summary>
internal sealed class DurableHistory
{
    private Dictionary<(string Listener, string Channel, string Handler, string Instance, int Shard), DurableShardHolder> _holders = [];
    private IReadOnlyList<DurableInfo> _seen = [];

    /// <summary>Compares with the previous reading, and adds what has happened since to the timeline.</summary>
    public void AddTo(Timeline timeline, IReadOnlyList<DurableInfo> reading, DateTimeOffset now)
    {
        if (ReferenceEquals(reading, _seen))
            return;

        _seen = reading;
        var before = _holders;
        _holders = [];
        foreach (var info in reading)
        {
            foreach (var subscription in info.Subscriptions)
            {
                foreach (var shard in subscription.Shards)
                {
                    var key = (info.Listener, subscription.Channel, subscription.Handler, subscription.Instance, shard.Shard);
                    var known = before.GetValueOrDefault(key);

                    // While nobody holds it, the one before stays known: a takeover may be seen in between.
                    if ((shard.Holder ?? known) is not { } holder)
                        continue;
                    _holders[key] = holder;
                    if (known is not null && known.ServerProcess != holder.ServerProcess)
                        timeline.Add(Takeover(info, subscription, known, holder, now));
                }
            }
        }
    }

    private static TimelineEvent Takeover(DurableInfo info, DurableSubscriptionInfo subscription, DurableShardHolder before, DurableShardHolder holder, DateTimeOffset now) => new()
    {
        Id = 0,
        Kind = TimelineEventKind.Takeover,
        Listener = info.Listener,
        Since = now,
        Until = now,
        Count = 1,
        Subscription = subscription.Handler,
        Channel = subscription.Channel,
        Problem = $"Now held by {NameOf(holder)}, before by {NameOf(before)}.",
    };

    /// <summary>The session is a part of it, because one process may have had several. It has no name until it has moved the position.</summary>
    private static string NameOf(DurableShardHolder holder)
        => holder.Name.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"session {holder.ServerProcess}")
            : string.Create(CultureInfo.InvariantCulture, $"{holder.Name} (session {holder.ServerProcess})");
}
