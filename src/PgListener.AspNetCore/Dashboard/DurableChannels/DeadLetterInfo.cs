namespace PgListener.Dashboard.DurableChannels;

/// <summary>A dead letter, for those who may act. Its payload is not shown.</summary>
internal sealed record DeadLetterInfo(long Id, string? Key, int Attempts, string? ErrorType, string? Error, DateTimeOffset PublishedAt, DateTimeOffset? DeadAt)
{
    /// <summary>The most characters of an error that a row can show.</summary>
    private const int MaxError = 1_000;

    public static DeadLetterInfo From(ParkedMessage message) => new(
        message.Id,
        message.Key,
        message.Attempts,
        message.ErrorType,
        message.Error is { Length: > MaxError } error ? string.Concat(error.AsSpan(0, MaxError), " …") : message.Error,
        message.PublishedAt,
        message.DeadAt);
}
