namespace PgListener.Chaos.Logs;

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

    /// <summary>Adds that its connection was cut, if that is so. Under the lock, so that what it notices of it stands after it.</summary>
    public void AddCut(Func<bool> isStillThere, string text)
    {
        lock (_sync)
        {
            if (isStillThere())
                _events.Add(new(DateTimeOffset.UtcNow, ListenerEventKind.Cut, default, default, text));
        }
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
