namespace PgListener.Testing.Memory;

/// <summary>What a session of the in-memory server reads: a notification, its loss, or nothing but that there is mail for it.</summary>
/// <param name="Notification">The notification, if it is one.</param>
/// <param name="IsLoss">Whether the connection is lost here.</param>
internal readonly record struct MemoryMessage(Notification? Notification, bool IsLoss = false);
