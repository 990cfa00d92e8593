namespace PgListener.Dashboard.DurableChannels;

/// <summary>A dead letter, for those who may act. Its payload is not shown.</summary>
internal sealed record DeadLetterInfo(long Id, string? Key, int Attempts, string? ErrorType, string? Error, DateTimeOffset PublishedAt, DateTimeOffset? DeadAt)
{
    public static DeadLetterInfo From(ParkedMessage message)
        => new(message.Id, message.Key, message.Attempts, message.ErrorType, message.Error, message.PublishedAt, message.DeadAt);
}
