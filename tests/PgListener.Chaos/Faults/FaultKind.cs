namespace PgListener.Chaos.Faults;

/// <summary>Everything that is done to a listener.</summary>
public enum FaultKind
{
    // To the server.
    TerminateListening,
    TerminateWaking,
    Kill,
    Restart,
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

    // By the user.
    Subscribe,
    SubscribeInCallback,
    Unsubscribe,
    UnsubscribeInCallback,
    Resubscribe,
    SlowHandler,
    ThrowingHandler,
    HangingHandler,
    QueryInCallback,
    StopAndStart,
    StopAndStartWhileHanging,
    StopAndStartWhileFrozen,
}
