namespace PgListener.Durable.Chaos.Logs;

/// <summary>What a handler has written into the table of effects, for one call that succeeded.</summary>
/// <param name="Serial">The order of the effects.</param>
/// <param name="Subscription">The handler.</param>
/// <param name="Number">The message's number.</param>
/// <param name="Account">Its key.</param>
/// <param name="Sequence">Its number within the key.</param>
/// <param name="Process">The process that has handled it.</param>
/// <param name="At">When, by the server's clock.</param>
public sealed record Effect(long Serial, string Subscription, long Number, string? Account, long Sequence, string Process, DateTimeOffset At);
