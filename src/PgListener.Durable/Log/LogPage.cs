namespace PgListener.Durable.Log;

/// <summary>A part of a window, from its beginning or from where the part before it ended.</summary>
/// <param name="Upto">The snapshot at the window's end.</param>
/// <param name="Messages">The messages, in order.</param>
/// <param name="IsLast">Whether nothing of the window follows.</param>
internal sealed record LogPage(string Upto, IReadOnlyList<LogMessage> Messages, bool IsLast)
{
    /// <summary>The position after the page, if it was read at a given one.</summary>
    public LogPosition After(LogPosition position)
    {
        var lastId = Messages.Count > 0 ? Messages[^1].Id : position.LastId;
        return IsLast ? position.After(Upto, lastId) : position.Within(Upto, lastId, []);
    }
}
