using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>A connection that listened.</summary>
/// <param name="After">When the attempt before it, or the session before it, had ended.</param>
/// <param name="At">When it was said to listen.</param>
/// <param name="IsFirstOfRun">Whether it is the first since a start.</param>
internal readonly record struct Session(DateTimeOffset After, DateTimeOffset At, bool IsFirstOfRun)
{
    public static List<Session> Of(SubjectLog listener)
    {
        var sessions = new List<Session>();
        var after = DateTimeOffset.MinValue;
        var isFirst = true;
        foreach (var entry in listener.Events)
        {
            switch (entry.Kind)
            {
                case ListenerEventKind.StartBegun:
                    (after, isFirst) = (entry.At, true);
                    break;
                case ListenerEventKind.Lost:
                    after = entry.At;
                    break;
                case ListenerEventKind.Listening:
                    sessions.Add(new(after, entry.At, isFirst));
                    isFirst = false;
                    break;
            }
        }

        return sessions;
    }
}
