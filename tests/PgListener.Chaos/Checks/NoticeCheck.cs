using System.Globalization;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Of one listener: a connection whose server process was ended is noticed to be lost in time.</summary>
internal static class NoticeCheck
{
    private static readonly TimeSpan Limit = Settings.DetectionLimit + Settings.DetectionTolerance;

    public static void Run(SubjectLog listener, RunLog log, CheckResult result)
    {
        var held = new Held(Held.ByNetwork(listener, log));
        ListenerEvent? cut = null;
        foreach (var entry in listener.Events)
        {
            switch (entry.Kind)
            {
                case ListenerEventKind.Cut:
                    cut ??= entry;
                    break;
                case ListenerEventKind.Lost or ListenerEventKind.StopBegun when cut is { } begun:
                    result.CutsJudged++;
                    if (entry.At > held.After(begun.At, Limit))
                        result.Add(Rule.NoticesInTime, listener.Name, entry.At, string.Create(CultureInfo.InvariantCulture, $"that its server process was ended was noticed after {(entry.At - begun.At).TotalSeconds:0.0} s; it may take {Limit.TotalSeconds:0.0} s"));
                    cut = null;
                    break;
            }
        }
    }
}
