using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>One channel: its subscriptions, and whether the server was told. Edited under the lock of <see cref="Routes"/>.</summary>
internal sealed class Route(string channel, string serverName)
{
    private volatile bool _isGone;
    private volatile Hearing _hearing;

    /// <summary>The channel's name in the application.</summary>
    public string Channel => channel;

    /// <summary>The name at the server: the same with the listener's prefix.</summary>
    public string ServerName => serverName;

    /// <summary>Replaced as a whole, never edited: delivery reads it without the lock.</summary>
    public Subscription[] Subscribers { get; set; } = [];

    /// <summary>Whether the channel is wanted without a subscription, for readers of all channels.</summary>
    public bool IsPinned { get; set; }

    /// <summary>The consumer of a private channel of the listener, which nothing else sees.</summary>
    public Action<string>? Private { get; init; }

    public bool IsPrivate => Private is not null;

    /// <summary>Counts the edits, to tell the server's answer to the latest edit from an earlier one.</summary>
    public long Version { get; set; }

    /// <summary>The latest edit that a LISTEN or UNLISTEN was sent for.</summary>
    public long SentVersion { get; set; }

    /// <summary>Whether the server listens to it in the current session.</summary>
    public bool IsApplied { get; set; }

    /// <summary>Whether a LISTEN or UNLISTEN for it is in progress.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>Whether it counts as a pending LISTEN.</summary>
    public bool CountsAsListen { get; set; }

    public Waiters Waiters { get; } = new();

    /// <summary>Whether its subscriptions get notifications in the current session.</summary>
    public Hearing Hearing
    {
        get => _hearing;
        set => _hearing = value;
    }

    /// <summary>Whether it was removed. If the channel is wanted again, a new route takes its place.</summary>
    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    public bool IsWanted => IsPinned || IsPrivate || Subscribers.Length > 0;

    /// <summary>From now on its subscriptions get notifications. The gap is announced to each of them first.</summary>
    public void BeginHearing()
    {
        if (Hearing == Hearing.Yes)
            return;

        foreach (var subscription in Subscribers)
            subscription.GoLive();
        Hearing = Hearing.Yes;
    }
}
