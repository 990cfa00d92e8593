namespace PgListener.Durable.Membership;

/// <summary>Readers of the log that hold no shard: the streams. The looks ask for them too.</summary>
internal interface ILogTails
{
    /// <summary>A session coordinates. Wakes all.</summary>
    void Begin(Cluster cluster);

    /// <summary>Adds their part to a look.</summary>
    void Ask(LookRequest request);

    /// <summary>Wakes those for which a look has found something.</summary>
    /// <returns>Whether there was one.</returns>
    bool Wake(IReadOnlyCollection<SeenNews> news);

    /// <summary>Wakes those of a channel, because there may be something new.</summary>
    /// <param name="channel">The channel's name in the log.</param>
    void Wake(string channel);
}
