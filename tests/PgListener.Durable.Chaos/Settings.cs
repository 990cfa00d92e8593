namespace PgListener.Durable.Chaos;

/// <summary>The numbers of a run.</summary>
internal static class Settings
{
    public const int Writers = 6;
    public const int Keys = 8;
    public const int FirstReaders = 2;
    public const int MostReaders = 8;
    public const int Shards = 4;

    /// <summary>How often a handler that fails does so.</summary>
    public const double FailureRate = 0.03;

    /// <summary>How long nothing may be handled, after the last fault, while a subscription has not got all messages. The whole recovery depends on how busy the machine is.</summary>
    public static TimeSpan RecoveryLimit { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The time after which the server ends the session of a reader that is frozen.</summary>
    public static TimeSpan SessionTimeout { get; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a reader may stand still without a fault, because the machine is busy, before it takes that down.</summary>
    public static TimeSpan StallLimit { get; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How far from a fault the two effects of a duplicate may be: what was handled just before it is not acknowledged yet.</summary>
    public static TimeSpan Around { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a reader that is stopped may take.</summary>
    public static TimeSpan StopLimit { get; } = TimeSpan.FromSeconds(40);

    /// <summary>How long it is tried to reach a server that may be down at the moment.</summary>
    public static TimeSpan ServerPatience { get; } = TimeSpan.FromSeconds(60);
}
