namespace PgListener.HybridCaching;

/// <summary>
/// What is to be repaired in the shared level, each thing once and in the order in which it came. What comes again while it is being repaired, and what has failed, goes to the end, so that
/// it does not keep the others. Used under the lock of its owner.
/// </summary>
internal sealed class RepairQueue
{
    internal const int MostKeys = 10_000;

    private const int MostTags = 1000;

    private readonly HashSet<RepairStep> _steps = [];
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    /// <summary>How many steps each key has.</summary>
    private readonly Dictionary<string, int> _keys = new(StringComparer.Ordinal);
    private Queue<RepairStep> _order = [];
    private RepairStep? _running;
    private bool _isAddedAgain;

    /// <summary>The tags whose removal has not been recorded yet.</summary>
    public IReadOnlyList<string> Tags => [.. _tags];

    /// <summary>Whether a key must not be read, because what is there is to be removed, or may be.</summary>
    public bool IsPending(string key) => _keys.ContainsKey(key);

    /// <summary>Adds a tag. Above a number of them, everything is removed instead.</summary>
    public void AddTag(string tag)
    {
        if (_tags.Count >= MostTags)
        {
            Clear(static step => step.Kind == RepairKind.Tag);
            tag = Tag.All;
        }

        // Everything includes each of them.
        Add(new(RepairKind.Tag, _tags.Contains(Tag.All) ? Tag.All : tag));
    }

    /// <summary>Adds a key.</summary>
    /// <returns><see langword="false"/> if there are too many. All of them are forgotten then.</returns>
    public bool TryAddKey(RepairStep step)
    {
        if (_steps.Count - _tags.Count < MostKeys || _steps.Contains(step))
        {
            Add(step);
            return true;
        }

        Clear(static step => step.Kind != RepairKind.Tag);
        return false;
    }

    /// <summary>Takes the next one.</summary>
    public RepairStep? Next()
    {
        _isAddedAgain = false;
        return _running = _order.TryDequeue(out var step) ? step : null;
    }

    /// <summary>It is repaired.</summary>
    public void End(RepairStep step)
    {
        if (_isAddedAgain)
            PutBack(step);
        else if (_steps.Remove(step))
            Forget(step);
    }

    /// <summary>It has to be repaired once more.</summary>
    public void PutBack(RepairStep step)
    {
        if (_steps.Contains(step))
            _order.Enqueue(step);
    }

    private void Add(RepairStep step)
    {
        if (!_steps.Add(step))
        {
            _isAddedAgain |= step == _running;
            return;
        }

        _order.Enqueue(step);
        if (step.Kind == RepairKind.Tag)
            _tags.Add(step.Name);
        else
            _keys[step.Name] = _keys.GetValueOrDefault(step.Name) + 1;
    }

    private void Clear(Predicate<RepairStep> which)
    {
        foreach (var step in _steps.Where(step => which(step)).ToArray())
        {
            _steps.Remove(step);
            Forget(step);
        }

        _order = new(_order.Where(_steps.Contains));
    }

    private void Forget(RepairStep step)
    {
        if (step.Kind == RepairKind.Tag)
            _tags.Remove(step.Name);
        else if (_keys.GetValueOrDefault(step.Name) is > 1 and var count)
            _keys[step.Name] = count - 1;
        else
            _keys.Remove(step.Name);
    }
}
