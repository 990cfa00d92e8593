namespace PgListener.Chaos.Logs;

/// <summary>What one subscription was given, in order, and when it was ended.</summary>
public sealed class SubscriptionLog(string name, string channel, SubjectLog listener)
{
    private readonly Lock _sync = new();
    private readonly List<Given> _given = [];
    private volatile int _lastNumber;

    public string Name => name;

    public string Channel => channel;

    public SubjectLog Listener => listener;

    /// <summary>Just before its end was asked for; <see langword="null"/> for one that was kept to the end of the run.</summary>
    public DateTimeOffset? EndBegun { get; set; }

    /// <summary>Just after its end had returned.</summary>
    public DateTimeOffset? Ended { get; set; }

    /// <summary>The latest number it was given.</summary>
    public int LastNumber => _lastNumber;

    /// <summary>All it was given; to be read when nothing is added any more.</summary>
    public IReadOnlyList<Given> Given => _given;

    public void Add(Given given)
    {
        lock (_sync)
            _given.Add(given);
        if (given.Number > 0)
            _lastNumber = given.Number;
    }
}
