namespace PgListener.Session;

/// <summary>One session of one run. What happens late is told apart by it: see <see cref="CurrentSession"/>.</summary>
internal readonly record struct SessionId(long Run, long Number);
