namespace PgListener.Routing;

/// <summary>Whether the subscribers of a channel hear its notifications in the current session.</summary>
internal enum Hearing
{
    /// <summary>Not yet: they are told of the gap before their first notification.</summary>
    No,

    /// <summary>They hear.</summary>
    Yes,

    /// <summary>An UNLISTEN is under way. A new subscriber hears after the next LISTEN only.</summary>
    Ending,
}
