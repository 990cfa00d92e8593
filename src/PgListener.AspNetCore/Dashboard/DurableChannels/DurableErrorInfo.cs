namespace PgListener.Dashboard.DurableChannels;

/// <summary>How many dead letters of a subscription have the same type of error.</summary>
internal sealed record DurableErrorInfo(string? Type, long Count);
