using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>One channel: who wants it, and whether the server has been told. Edited under the lock of <see cref="Routes"/>.</summary>
internal sealed class Route(string channel, string serverName)
{
    private volatile bool _isGone;
    private volatile Hearing _hearing;

    /// <summary>What the application calls the channel.</summary>
    public string Channel => channel;

    /// <summary>What the server calls it: the same with the listener's prefix.</summary>
    public string ServerName => serverName;

    /// <summary>Replaced as a whole, never edited: delivery reads it without the lock.</summary>
    public Subscription[] Subscribers { get; set; } = [];

    /// <summary>Wanted without a subscriber of its own, for those who read all channels.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Who takes the payloads of a channel of the listener's own, which is invisible to everyone else.</summary>
    public Action<string>? Private { get; init; }

    public bool IsPrivate => Private is not null;

    /// <summary>Counts the edits, so that an answer of the server can be told from one to an earlier edit.</summary>
    public long Version { get; set; }

    /// <summary>The latest edit that a LISTEN or UNLISTEN was sent for.</summary>
    public long SentVersion { get; set; }

    /// <summary>Whether the server listens to it in the current session.</summary>
    public bool IsApplied { get; set; }

    /// <summary>Whether a LISTEN or UNLISTEN for it is under way.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>Whether it is counted among the changes that are a LISTEN.</summary>
    public bool CountsAsListen { get; set; }

    public Waiters Waiters { get; } = new();

    /// <summary>Whether its subscribers hear in the current session.</summary>
    public Hearing Hearing
    {
        get => _hearing;
        set => _hearing = value;
    }

    /// <summary>Whether it was removed: a new route takes its place when somebody wants the channel again.</summary>
    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    public bool IsWanted => IsPinned || IsPrivate || Subscribers.Length > 0;

    /// <summary>From now on its subscribers hear. Each is told of its gap first.</summary>
    public void BeginHearing()
    {
        if (Hearing == Hearing.Yes)
            return;

        foreach (var subscription in Subscribers)
            subscription.GoLive();
        Hearing = Hearing.Yes;
    }
}
