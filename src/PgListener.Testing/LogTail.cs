namespace PgListener.Testing;

/// <summary>Keeps the last lines of a log. Safe for use from several threads.</summary>
internal sealed class LogTail
{
    private const int Capacity = 60;
    private readonly Queue<string> _lines = new(Capacity);

    public void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            if (_lines.Count == Capacity)
                _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}
