using PgListener.Durable.Log;

namespace PgListener.Durable.Streams;

/// <summary>A page for streams, and where it was read.</summary>
/// <param name="Page">The page.</param>
/// <param name="ReadAt">The position before it.</param>
/// <param name="Removal">The removal that may have taken messages after the position, before they could be read; <see langword="null"/> if there was none.</param>
internal sealed record StreamPage(LogPage Page, LogPosition ReadAt, string? Removal)
{
    /// <summary>The position after it.</summary>
    public LogPosition After { get; } = Page.After(ReadAt);

    /// <summary>The length of its payloads.</summary>
    public long Length { get; } = Page.Messages.Sum(static message => (long)message.Payload.Length);

    /// <summary>Whether a stream has to see it.</summary>
    public bool IsWorthReading => Removal is not null || Page.Messages.Count > 0;

    /// <summary>The position after one of its messages.</summary>
    public LogPosition AfterMessage(int index)
        => index == Page.Messages.Count - 1 ? After : ReadAt.Within(Page.Upto, Page.Messages[index].Id, []);
}
