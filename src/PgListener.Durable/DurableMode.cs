namespace PgListener;

/// <summary>How the instances of an application share the messages of a durable channel.</summary>
public enum DurableMode
{
    /// <summary>All instances together get each message once. The position outlives them.</summary>
    Shared,

    /// <summary>
    /// Every instance gets every message, from its start on, for caches and screens. What the log kept for it expires some time after the instance is gone. Whenever it begins, and when it goes on after
    /// an interruption, <see cref="IResyncHandler{TChannel}"/> is called with <see cref="ResyncReason.Started"/> first.
    /// </summary>
    PerInstance,
}
