namespace PgListener.Routing;

/// <summary>Whether the subscriptions of a channel get its notifications in the current session.</summary>
internal enum Hearing
{
    /// <summary>Not yet. The gap is announced to them before their first notification.</summary>
    No,

    /// <summary>They get its notifications.</summary>
    Yes,

    /// <summary>An UNLISTEN is in progress. A new subscription gets notifications only after the next LISTEN.</summary>
    Ending,
}
