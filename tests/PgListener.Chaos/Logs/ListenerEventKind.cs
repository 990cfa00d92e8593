namespace PgListener.Chaos.Logs;

/// <summary>What there is to know of a listener at one moment.</summary>
public enum ListenerEventKind
{
    /// <summary>Just before it was asked to start.</summary>
    StartBegun,

    /// <summary>The start has returned.</summary>
    Started,

    /// <summary>The start has failed, so it is stopped.</summary>
    StartFailed,

    StopBegun,

    Stopped,

    /// <summary>Its log said that a session listens.</summary>
    Listening,

    /// <summary>Its log said that a session, or an attempt at one, has ended.</summary>
    Lost,

    /// <summary>Its state was seen to have changed.</summary>
    State,

    /// <summary>It told of a change of its state.</summary>
    Told,

    /// <summary>Its log said that nothing could be proven, since no second connection could be had.</summary>
    Unproven,

    /// <summary>Something else that its log said.</summary>
    Remark,

    /// <summary>The server process of the connection that listens was ended, and the listener had not lost that connection before.</summary>
    Cut,

    /// <summary>Its clock was set.</summary>
    ClockSet,
}
