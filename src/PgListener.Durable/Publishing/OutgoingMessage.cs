namespace PgListener.Durable.Publishing;

/// <summary>A message to write, already checked.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Payload">Its payload, in UTF-8.</param>
internal readonly record struct OutgoingMessage(string? Key, byte[] Payload);
