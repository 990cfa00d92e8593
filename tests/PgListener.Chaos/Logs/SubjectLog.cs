namespace PgListener.Chaos.Logs;

/// <summary>What there is to know of a listener at one moment.</summary>
public enum ListenerEventKind
{
    /// <summary>Just before it was asked to start.</summary>
    StartBegun,

    /// <summary>The start has returned.</summary>
    Started,

    /// <summary>The start has failed, so it is stopped.</summary>
    StartFailed,

    StopBegun,

    Stopped,

    /// <summary>Its log said that a session listens.</summary>
    Listening,

    /// <summary>Its log said that a session, or an attempt at one, has ended.</summary>
    Lost,

    /// <summary>Its state was seen to have changed.</summary>
    State,

    /// <summary>It told of a change of its state.</summary>
    Told,

    /// <summary>Something else that its log said.</summary>
    Remark,
}

/// <summary>One moment of a listener. Only some kinds have a state, and only <see cref="ListenerEventKind.Told"/> has a previous one.</summary>
public readonly record struct ListenerEvent(DateTimeOffset At, ListenerEventKind Kind, ListenerState State, ListenerState Previous, string Text);

/// <summary>What happened to one listener, in order.</summary>
public sealed class SubjectLog(string name)
{
    private readonly Lock _sync = new();
    private readonly List<ListenerEvent> _events = [];
    private ListenerState _seen = ListenerState.Stopped;

    public string Name => name;

    /// <summary>All of it; to be read when nothing is added any more.</summary>
    public IReadOnlyList<ListenerEvent> Events => _events;

    public void Add(ListenerEventKind kind, string text = "") => Add(new ListenerEvent(DateTimeOffset.UtcNow, kind, default, default, text));

    public void Add(ListenerEvent entry)
    {
        lock (_sync)
            _events.Add(entry);
    }

    /// <summary>Looks at the state. Under the lock, so that what was asked of the listener before and after stands before and after it.</summary>
    public void Look(Func<ListenerState> state)
    {
        lock (_sync)
        {
            var now = state();
            if (now != _seen)
                _events.Add(new(DateTimeOffset.UtcNow, ListenerEventKind.State, _seen = now, default, ""));
        }
    }
}
