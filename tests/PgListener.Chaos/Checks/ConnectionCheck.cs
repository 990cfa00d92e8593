using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Of one listener: its sessions are not lost to the settings of its role, and it does without a proof only when there is no second connection.</summary>
internal static class ConnectionCheck
{
    /// <summary>What the server says when a session has been idle for longer than the role's sessions may be.</summary>
    private const string WasIdle = "57P05";

    /// <summary>What it says when a statement has taken longer than the role's statements may take.</summary>
    private const string TookTooLong = "due to statement timeout";

    /// <summary>How long after a fault a second connection may still be out of reach: one attempt at it, and another.</summary>
    private static readonly TimeSpan Aftermath = 2 * Settings.KeepAlive + Settings.ConnectTimeout;

    public static void Run(SubjectLog listener, RunLog log, CheckResult result)
    {
        var faults = log.Faults.Where(fault => fault.Touches(listener.Name, log.Listeners)).ToArray();
        var hasListened = false;
        foreach (var entry in listener.Events)
        {
            if (entry.Kind == ListenerEventKind.Lost && IsLostToSetting(entry.Text, hasListened))
                result.Add(Rule.SetsWhatItNeeds, listener.Name, entry.At, "a session was ended by a setting of its role");
            if (entry.Kind == ListenerEventKind.Unproven && !Array.Exists(faults, fault => Excuses(fault, entry.At)))
                result.Add(Rule.ProvenWhenPossible, listener.Name, entry.At, "it did without a proof that notifications arrive, although the server was there for a second connection");
            hasListened = entry.Kind == ListenerEventKind.Listening || (hasListened && entry.Kind is not (ListenerEventKind.Lost or ListenerEventKind.StartBegun));
        }
    }

    /// <summary>A connection of somebody else's pool can have been ended for its idleness there, before a session had it.</summary>
    private static bool IsLostToSetting(string text, bool hasListened)
        => text.Contains(TookTooLong, StringComparison.Ordinal) || (hasListened && text.Contains(WasIdle, StringComparison.Ordinal));

    /// <summary>While a server is away there is no second connection; as soon as it is there again there is, but for what the network does.</summary>
    private static bool Excuses(Fault fault, DateTimeOffset at)
    {
        var aftermath = fault.Kind is nameof(FaultKind.Kill) or nameof(FaultKind.Restart) or nameof(FaultKind.RestartUnderPool) ? Settings.ClockTolerance : Aftermath;
        return fault.Begun <= at && at <= fault.Ended + aftermath;
    }
}
