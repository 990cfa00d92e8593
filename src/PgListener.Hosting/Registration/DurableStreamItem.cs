namespace PgListener.Registration;

/// <summary>An item of a durable channel's stream, before its payload is read.</summary>
/// <param name="Gap">The gap, if it is one.</param>
/// <param name="Message">The message, if it is one.</param>
/// <param name="Payload">Its payload.</param>
internal readonly record struct DurableStreamItem(Resync? Gap, DurableMessage? Message, string? Payload);
