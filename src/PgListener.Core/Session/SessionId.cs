namespace PgListener.Session;

/// <summary>Identifies one session of one run. Late results are recognised by it: see <see cref="CurrentSession"/>.</summary>
internal readonly record struct SessionId(long Run, long Number);
