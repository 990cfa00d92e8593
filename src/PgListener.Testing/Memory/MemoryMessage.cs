namespace PgListener.Testing.Memory;

/// <summary>A message to a session of the in-memory server: a notification, the loss of the connection, or only a wake-up because of a request.</summary>
/// <param name="Notification">The notification, if the message is one.</param>
/// <param name="IsLoss">Whether the connection is lost here.</param>
internal readonly record struct MemoryMessage(Notification? Notification, bool IsLoss = false);
