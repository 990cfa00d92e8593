namespace PgListener.Chaos.Logs;

/// <summary>What one subscription was given, in order, when it was busy, and when it was ended.</summary>
/// <param name="name">Its name, which begins with that of its listener.</param>
/// <param name="channel">Its channel.</param>
/// <param name="listener">The log of its listener.</param>
/// <param name="patience">How long it may hold up the reading; <see langword="null"/> if it drops instead.</param>
public sealed class SubscriptionLog(string name, string channel, SubjectLog listener, TimeSpan? patience = null)
{
    /// <summary>Busy times this close to each other are recorded as one.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    private readonly Lock _sync = new();
    private readonly List<Given> _given = [];
    private readonly List<Busy> _busy = [];
    private volatile int _lastNumber;

    public string Name => name;

    public string Channel => channel;

    public SubjectLog Listener => listener;

    public TimeSpan? Patience => patience;

    /// <summary>Just before its end was asked for; <see langword="null"/> for one that was kept to the end of the run.</summary>
    public DateTimeOffset? EndBegun { get; set; }

    /// <summary>Just after its end had returned.</summary>
    public DateTimeOffset? Ended { get; set; }

    /// <summary>The latest number it was given.</summary>
    public int LastNumber => _lastNumber;

    /// <summary>All it was given; to be read when nothing is added any more.</summary>
    public IReadOnlyList<Given> Given => _given;

    /// <summary>When it was busy, by its own account, in order; to be read when nothing is added any more.</summary>
    public IReadOnlyList<Busy> Busy => _busy;

    public void Add(Busy busy)
    {
        lock (_sync)
        {
            if (_busy.Count > 0 && busy.Begun - _busy[^1].Ended < Breath)
                _busy[^1] = new(busy.Begun < _busy[^1].Begun ? busy.Begun : _busy[^1].Begun, busy.Ended);
            else
                _busy.Add(busy);
        }
    }

    public void Add(Given given)
    {
        lock (_sync)
            _given.Add(given);
        if (given.Number > 0)
            _lastNumber = given.Number;
    }
}
