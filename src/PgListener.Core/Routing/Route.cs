using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>One channel: who wants it, and whether the server has been told. Edited under the lock of its <see cref="ChannelTable"/>.</summary>
internal sealed class Route(string channel)
{
    /// <summary>Whoever subscribes from now on hears only after the next LISTEN.</summary>
    public const long Ending = -1;

    private volatile bool _isGone;
    private readonly List<(long Version, TaskCompletionSource Waiter)> _waiters = [];

    public string Channel => channel;

    /// <summary>Replaced whole, never edited: the connection's task reads it without the lock.</summary>
    public Subscription[] Subscribers { get; set; } = [];

    /// <summary>Wanted without a subscriber of its own, for those who read all channels.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Who takes the payloads of a channel of the listener's own, which is invisible to everyone else.</summary>
    public Action<string>? Private { get; init; }

    public bool IsPrivate => Private is not null;

    /// <summary>Counts the edits, so that an answer of the server can be told from one to an earlier wish.</summary>
    public long Version { get; set; }

    /// <summary>Whether the server listens to it in the present session.</summary>
    public bool IsApplied { get; set; }

    /// <summary>Whether a LISTEN or UNLISTEN for it is under way.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>The session in which its subscribers have been told that they hear now; <see cref="Ending"/> while an UNLISTEN is under way.</summary>
    public long LiveSession { get; set; }

    /// <summary>Whether the table has let go of it: a new one takes its place when somebody wants the channel again.</summary>
    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    public bool IsWanted => IsPinned || IsPrivate || Subscribers.Length > 0;

    /// <summary>Completes when the server agrees with what is wanted now.</summary>
    public Task WhenSettledAsync()
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Add((Version, waiter));
        return waiter.Task;
    }

    /// <summary>Takes out those who wait for the given edit or an earlier one.</summary>
    public TaskCompletionSource[] TakeWaiters(long version = long.MaxValue)
    {
        if (_waiters.Count == 0)
            return [];

        var taken = _waiters.Where(entry => entry.Version <= version).Select(entry => entry.Waiter).ToArray();
        _waiters.RemoveAll(entry => entry.Version <= version);
        return taken;
    }
}
