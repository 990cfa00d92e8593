namespace PgListener.Publishing;

/// <summary>A notification to send, already checked.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Payload">The payload.</param>
internal readonly record struct Outgoing(string Channel, string Payload);
