namespace PgListener.Durable.Chaos;

/// <summary>The message that is published.</summary>
/// <param name="Number">Unique in the run.</param>
/// <param name="Account">The key; its writers wait for each other. <see langword="null"/> for none.</param>
/// <param name="Sequence">The number within the key, as committed: from 1, without a gap.</param>
/// <param name="Text">Makes it longer.</param>
public sealed record Deposit(long Number, string? Account, long Sequence, string Text) : IJsonNotificationChannel<Deposit>, IDurableChannel<Deposit>
{
    /// <summary>The channel's name.</summary>
    public static string ChannelName => "deposit";

    /// <summary>The key is the account.</summary>
    public static string? KeyOf(Deposit value) => value.Account;
}
