namespace PgListener.Chaos.Logs;

/// <summary>A fault, from its beginning until it was healed.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Detail">To what, and for how long. It begins with the listener's name; for what was done to all it does not.</param>
/// <param name="Begun">Just before it was done.</param>
/// <param name="Ended">Just after it was healed.</param>
public sealed record Fault(string Kind, string Detail, DateTimeOffset Begun, DateTimeOffset Ended)
{
    /// <summary>Whether a listener can have felt it.</summary>
    /// <param name="listener">Its name.</param>
    /// <param name="all">The listeners of the run.</param>
    public bool Touches(string listener, IEnumerable<SubjectLog> all)
        => Detail.StartsWith(listener, StringComparison.Ordinal) || !all.Any(other => Detail.StartsWith(other.Name, StringComparison.Ordinal));
}
