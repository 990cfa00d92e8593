namespace PgListener;

/// <summary>What a <see cref="Listener"/> is doing at the moment.</summary>
public enum ListenerState
{
    /// <summary>Not started, or stopped: there is no connection and nothing tries to make one.</summary>
    Stopped,

    /// <summary>Started, and connecting for the first time.</summary>
    Connecting,

    /// <summary>The server has confirmed <c>LISTEN</c> for every wanted channel: what is committed from now on arrives.</summary>
    Listening,

    /// <summary>The connection was lost and is being made again; notifications sent meanwhile are missed, and announced afterwards.</summary>
    Reconnecting,

    /// <summary>Stopping: nothing more is taken in, what is queued and running may finish.</summary>
    Stopping,
}
