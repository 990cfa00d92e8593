using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Of one listener: its states follow each other as they may, and its stops are over in time.</summary>
/// <remarks>
/// What was seen: the state is looked at every few milliseconds, so one that is short may be missed; it may not be out of turn.
/// What was told: every single change, a moment later.
/// </remarks>
internal static class StateCheck
{
    private enum Turn
    {
        NotStarted,
        Connecting,
        Connected,
        Stopping,
        Stopped,
    }

    public static void Run(SubjectLog listener, CheckResult result)
    {
        var turn = Turn.NotStarted;
        var (least, most) = (Turn.NotStarted, Turn.NotStarted);
        var stopBegun = default(DateTimeOffset);
        ListenerState? told = null;
        foreach (var entry in listener.Events)
        {
            switch (entry.Kind)
            {
                case ListenerEventKind.StartBegun:
                    // It may fail, and so end of itself.
                    (turn, least, most) = (Turn.NotStarted, Turn.NotStarted, Turn.Stopped);
                    break;
                case ListenerEventKind.Started:
                    (least, most) = (Turn.Connecting, Turn.Connected);
                    break;
                case ListenerEventKind.StopBegun:
                    (stopBegun, most) = (entry.At, Turn.Stopped);
                    break;
                case ListenerEventKind.Stopped or ListenerEventKind.StartFailed:
                    (least, most) = (Turn.Stopped, Turn.Stopped);
                    if (entry.Kind == ListenerEventKind.Stopped && entry.At - stopBegun > Settings.StopLimit)
                        result.Add(Rule.StopsInTime, listener.Name, entry.At, $"the stop took {(entry.At - stopBegun).TotalSeconds:0.0} s; it may take {Settings.StopLimit.TotalSeconds:0.0} s");
                    break;
                case ListenerEventKind.State:
                    var next = TurnOf(entry.State, isOver: least == Turn.Stopped || turn != Turn.NotStarted);
                    if (next < turn || next < least || next > most)
                        result.Add(Rule.LegalStates, listener.Name, entry.At, $"{entry.State} was seen when the turn was {turn}, and from {least} to {most} was legal");
                    turn = next;
                    break;
                case ListenerEventKind.Told:
                    if (!IsLegal(entry.Previous, entry.State) || entry.Previous != (told ?? entry.Previous))
                        result.Add(Rule.LegalStates, listener.Name, entry.At, $"it told of a change from {entry.Previous} to {entry.State} after it had told of {told}");
                    told = entry.State;
                    break;
            }
        }
    }

    private static bool IsLegal(ListenerState from, ListenerState to) => to switch
    {
        ListenerState.Connecting => from is ListenerState.Stopped,
        ListenerState.Listening => from is ListenerState.Connecting or ListenerState.Reconnecting,
        ListenerState.Reconnecting => from is ListenerState.Listening,
        ListenerState.Stopping => from is ListenerState.Connecting or ListenerState.Listening or ListenerState.Reconnecting,
        _ => from is ListenerState.Stopping,
    };

    private static Turn TurnOf(ListenerState state, bool isOver) => state switch
    {
        ListenerState.Connecting => Turn.Connecting,
        ListenerState.Listening or ListenerState.Reconnecting => Turn.Connected,
        ListenerState.Stopping => Turn.Stopping,
        _ => isOver ? Turn.Stopped : Turn.NotStarted,
    };
}
