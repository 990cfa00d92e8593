namespace PgListener.Durable.Chaos.Logs;

/// <summary>What was recorded of a run. Thread-safe until the run is over.</summary>
/// <param name="promises">The subscriptions.</param>
public sealed class RunLog(IReadOnlyList<Promise> promises)
{
    private readonly Lock _sync = new();
    private readonly List<Written> _written = [];
    private readonly List<Effect> _effects = [];
    private readonly List<Fault> _faults = [];
    private readonly List<string> _errors = [];

    /// <summary>The subscriptions.</summary>
    public IReadOnlyList<Promise> Promises => promises;

    /// <summary>What was published.</summary>
    public IReadOnlyList<Written> Written => _written;

    /// <summary>What was handled.</summary>
    public IReadOnlyList<Effect> Effects => _effects;

    /// <summary>What was done to the parts.</summary>
    public IReadOnlyList<Fault> Faults => _faults;

    /// <summary>What else was wrong.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Adds what was published.</summary>
    public void Add(IEnumerable<Written> written)
    {
        lock (_sync)
            _written.AddRange(written);
    }

    /// <summary>Adds what was handled.</summary>
    public void Add(Effect effect)
    {
        lock (_sync)
            _effects.Add(effect);
    }

    /// <summary>Adds a fault.</summary>
    public void Add(Fault fault)
    {
        lock (_sync)
            _faults.Add(fault);
    }

    /// <summary>Adds an error.</summary>
    public void AddError(string error)
    {
        lock (_sync)
            _errors.Add(error);
    }

    /// <summary>Settles what was unknown, from the rows that the transactions themselves have left.</summary>
    public void Resolve(IReadOnlySet<long> committed)
    {
        for (var i = 0; i < _written.Count; i++)
        {
            if (_written[i].Outcome == Outcome.Unknown)
                _written[i] = _written[i] with { Outcome = committed.Contains(_written[i].Number) ? Outcome.Committed : Outcome.RolledBack };
        }
    }
}
