namespace PgListener.Durable.Log;

/// <summary>A part of a window, from its beginning or from where the part before it ended.</summary>
/// <param name="Upto">The snapshot at the window's end.</param>
/// <param name="Messages">The messages, in order.</param>
/// <param name="IsLast">Whether nothing of the window follows.</param>
internal sealed record LogPage(string Upto, IReadOnlyList<LogMessage> Messages, bool IsLast)
{
    /// <summary>An id that is a floor of the snapshot at the window's end; 0 if that of the last message is.</summary>
    public long Floor { get; init; }

    /// <summary>The position after the page, if it was read at a given one.</summary>
    public LogPosition After(LogPosition position)
    {
        var lastId = Messages.Count > 0 ? Messages[^1].Id : position.LastId;
        return IsLast ? position.After(Upto, Math.Max(lastId, Floor)) : position.Within(Upto, lastId, []);
    }
}
