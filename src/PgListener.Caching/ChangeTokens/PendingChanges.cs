using Microsoft.Extensions.Primitives;

namespace PgListener.ChangeTokens;

/// <summary>The changes that somebody waits for.</summary>
internal sealed class PendingChanges
{
    private readonly Lock _sync = new();
    private Dictionary<ChangeKey, RowChange> _rows = [];
    private RowChange? _any;

    /// <summary>How many rows somebody waits for.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
                return _rows.Count;
        }
    }

    /// <summary>Gets a token for a row, or for any row.</summary>
    public IChangeToken GetToken(ChangeKey? key)
    {
        lock (_sync)
        {
            var change = key is { } row ? OfRow(row) : _any ??= new(key: null);
            change.Tokens++;
            return new RowToken(this, change);
        }
    }

    /// <summary>Takes what waits for a change of these rows.</summary>
    public IReadOnlyList<RowChange> Take(IReadOnlyList<ChangeKey> keys)
    {
        lock (_sync)
        {
            var taken = new List<RowChange>();
            foreach (var key in keys)
            {
                if (_rows.Remove(key, out var change))
                    taken.Add(change);
            }

            return WithAny(taken);
        }
    }

    /// <summary>Takes everything.</summary>
    public IReadOnlyList<RowChange> TakeAll()
    {
        lock (_sync)
        {
            var taken = new List<RowChange>(_rows.Values);
            _rows = [];
            return WithAny(taken);
        }
    }

    /// <summary>Forgets a change that nobody waits for.</summary>
    public void Release(RowChange change)
    {
        lock (_sync)
        {
            if (--change.Tokens > 0)
                return;

            if (change.Key is not { } key)
                _any = _any == change ? null : _any;
            else if (_rows.TryGetValue(key, out var waiting) && waiting == change)
                _rows.Remove(key);
        }
    }

    private RowChange OfRow(ChangeKey key)
    {
        if (!_rows.TryGetValue(key, out var change))
            _rows.Add(key, change = new(key));
        return change;
    }

    private List<RowChange> WithAny(List<RowChange> taken)
    {
        if (_any is { } any)
            taken.Add(any);
        _any = null;
        return taken;
    }
}
