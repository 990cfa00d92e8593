namespace PgListener.Chaos.Faults;

/// <summary>Everything that is done to a listener. The kinds of a lane stand together: see <see cref="Plan"/>.</summary>
public enum FaultKind
{
    // To the server.
    TerminateListening,
    TerminateWaking,
    Kill,
    Restart,
    RestartUnderPool,
    PauseShort,
    PauseLong,

    // To the network.
    Reset,
    Close,
    Forget,
    FreezeToServerShort,
    FreezeToServerLong,
    FreezeToClientShort,
    FreezeToClientLong,
    FreezeShort,
    FreezeLong,
    Delay,
    CutMidMessage,
    Refuse,
    Stall,

    // To the settings of a listener's role, and to its clock.
    IdleSessionTimeout,
    StatementTimeout,
    ReadOnlyByDefault,
    SerializableDeferrable,
    ClockBack,
    ClockForward,

    // By what is sent, and by neighbours.
    NeighbourHangs,
    NeighbourComesAndGoes,
    ReadingPausedWhileBackendDies,
    BurstOverAllChannels,
    UnreadablePayload,

    // By the user.
    Subscribe,
    SubscribeInCallback,
    Unsubscribe,
    UnsubscribeInCallback,
    Resubscribe,
    SlowHandler,
    ThrowingHandler,
    HangingHandler,
    ThrowingResync,
    ThrowingObserver,
    QueryInCallback,
    StopAndStart,
    StopAndStartWhileHanging,
    StopAndStartWhileFrozen,
    StopCancelledAndStart,
}
