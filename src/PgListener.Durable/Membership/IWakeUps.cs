namespace PgListener.Durable.Membership;

/// <summary>Tells the coordination that there may be something new, so that it need not wait for its next look. Never needed for correctness.</summary>
internal interface IWakeUps
{
    /// <summary>Has the shards and streams of the channel read at once, and causes looks soon after. Thread-safe; does not block. Ignored if no handler and no stream here has the channel.</summary>
    /// <param name="channel">The channel's name in the log, with the prefix.</param>
    void Wake(string channel);
}
