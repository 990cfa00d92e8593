namespace PgListener.Bench;

/// <summary>When a listener is told its channels.</summary>
internal enum Adding
{
    BeforeStart,

    /// <summary>After the start, each when the server listens to the one before.</summary>
    OneByOne,

    /// <summary>After the start, without waiting in between.</summary>
    AtOnce,
}
