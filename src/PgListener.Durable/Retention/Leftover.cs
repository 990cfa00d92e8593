namespace PgListener.Durable.Retention;

/// <summary>A subscription that no application runs any more, and for which messages are kept.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Channel">The channel's name in the log.</param>
/// <param name="Name">Its name.</param>
/// <param name="SeenAt">When an application last ran it.</param>
internal sealed record Leftover(int Id, string Channel, string Name, DateTimeOffset SeenAt);
