namespace PgListener.Durable.Chaos.Checks;

/// <summary>The promises.</summary>
public enum Rule
{
    /// <summary>Every message that was committed is handled.</summary>
    NotLost,

    /// <summary>What is handled was committed.</summary>
    WasCommitted,

    /// <summary>Messages with the same key are handled in their order, where the first time of each counts.</summary>
    InOrder,

    /// <summary>A message is handled again only where an acknowledgement can have failed.</summary>
    DuplicateExplained,

    /// <summary>An effect in a transaction that was enlisted is written once.</summary>
    EffectOnce,

    /// <summary>Nothing else was seen to be wrong.</summary>
    NoError,
}
