namespace PgListener;

/// <summary>What happens to the messages behind one that has failed on a durable channel.</summary>
public enum FailureMode
{
    /// <summary>The message, and all that follow with the same key, step aside until it succeeds or is dealt with; other keys continue. A message without a key steps aside alone.</summary>
    ParkKey,

    /// <summary>Only the message steps aside. Those that follow with the same key overtake it.</summary>
    Park,

    /// <summary>Nothing steps aside: the message is attempted again until it succeeds, and everything behind it waits: all messages of its shard, or with <c>MaxConcurrency</c> above 1, those that share its lane.</summary>
    Block,
}
