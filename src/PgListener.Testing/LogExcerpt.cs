namespace PgListener.Testing;

/// <summary>Keeps the first lines of a log, where a failure to start has its cause, and the last ones. Safe for use from several threads.</summary>
internal sealed class LogExcerpt
{
    private const int Kept = 40;
    private readonly List<string> _first = new(Kept);
    private readonly Queue<string> _last = new(Kept);
    private long _leftOut;

    /// <summary>Takes a line; null, with which a process's output ends, is none.</summary>
    public void Add(string? line)
    {
        if (line is null)
            return;
        lock (_first)
        {
            if (_first.Count < Kept)
            {
                _first.Add(line);
                return;
            }

            if (_last.Count == Kept)
            {
                _last.Dequeue();
                _leftOut++;
            }

            _last.Enqueue(line);
        }
    }

    /// <summary>Forgets all lines.</summary>
    public void Clear()
    {
        lock (_first)
        {
            _first.Clear();
            _last.Clear();
            _leftOut = 0;
        }
    }

    public override string ToString()
    {
        lock (_first)
            return string.Join('\n', [.. _first, .. _leftOut > 0 ? [$"... ({_leftOut} lines left out)"] : Array.Empty<string>(), .. _last]);
    }
}
