namespace PgListener.Durable.Membership;

/// <summary>A lock that some instance holds.</summary>
internal sealed record SeenLock(long Key, int Pid);
