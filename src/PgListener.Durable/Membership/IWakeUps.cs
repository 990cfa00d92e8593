namespace PgListener.Durable.Membership;

/// <summary>The subscriptions of this process, which are told directly of what it has committed itself.</summary>
internal interface IWakeUps
{
    /// <summary>Has those of a channel look at the log. Called after each commit, so it costs next to nothing; thread-safe, does not block or fail.</summary>
    /// <param name="channel">The channel's name in the log, with the prefix.</param>
    void Wake(string channel);
}
