namespace PgListener.Durable.Log;

/// <summary>A message as the log has it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Key">Its key.</param>
/// <param name="Bucket">The bucket of its key, from 0 to 255.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="Headers">Its headers, as JSON.</param>
/// <param name="PublishedAt">When it was written.</param>
internal sealed record LogMessage(long Id, string? Key, short Bucket, string Payload, string? Headers, DateTimeOffset PublishedAt);
