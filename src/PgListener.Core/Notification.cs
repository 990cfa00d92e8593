namespace PgListener;

/// <summary>A notification as PostgreSQL sent it.</summary>
/// <param name="Channel">The channel it was sent on, exactly as the sender wrote it.</param>
/// <param name="Payload">The text that was sent with it; empty when there was none. Anyone who may connect to the database can send it, so treat it as untrusted input.</param>
/// <param name="ProcessId">The process id of the server session that sent it.</param>
public readonly record struct Notification(string Channel, string Payload, int ProcessId);
