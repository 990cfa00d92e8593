namespace PgListener.Durable.Chaos.Faults;

/// <summary>What is done to the parts of a run.</summary>
public enum FaultKind
{
    // Lane of the readers.

    /// <summary>A reader is killed, and another one is started.</summary>
    KillReader,

    /// <summary>A reader is frozen for some seconds, and goes on as if nothing had happened.</summary>
    FreezeReader,

    /// <summary>A reader is stopped in order.</summary>
    StopReader,

    /// <summary>Readers are started, up to the most.</summary>
    ScaleUp,

    /// <summary>Readers are stopped in order, down to one.</summary>
    ScaleDown,

    /// <summary>All sessions of a reader are ended by the server.</summary>
    TerminateSessions,

    /// <summary>The network between a reader and the server carries nothing for some seconds, in both directions, and then all of it.</summary>
    PartitionReader,

    // Lane of the server.

    /// <summary>The server is killed and started again.</summary>
    KillServer,

    /// <summary>The server is stopped in order and started again.</summary>
    RestartServer,

    /// <summary>A transaction with a number is held open in another database.</summary>
    HoldTransaction,

    // Not in the plan.

    /// <summary>A reader stood still by itself, because the machine was busy, or because it was frozen.</summary>
    Stall,
}
