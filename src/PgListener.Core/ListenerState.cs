namespace PgListener;

/// <summary>The state of a <see cref="Listener"/>.</summary>
public enum ListenerState
{
    /// <summary>Not started, or stopped. There is no connection, and no attempt to connect.</summary>
    Stopped,

    /// <summary>Started, and connecting for the first time.</summary>
    Connecting,

    /// <summary>The server has confirmed <c>LISTEN</c> for every wanted channel: what is committed from then on arrives.</summary>
    Listening,

    /// <summary>The connection was lost and is being established again. Notifications that are sent in the meantime do not arrive; the gap is announced afterwards.</summary>
    Reconnecting,

    /// <summary>Stopping. Nothing more is accepted; queued and running work may finish.</summary>
    Stopping,
}
