using System.Globalization;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Compares what was sent with what was given, announced and seen. It knows the logs of a run and the promises, and nothing of the library.</summary>
public static class Checker
{
    public static CheckResult Check(RunLog log)
    {
        var result = new CheckResult();
        foreach (var subscription in log.Subscriptions)
        {
            new HoleCheck(log.Sent[subscription.Channel], subscription, log.HealedAt, result).Run();
            new AnnouncementCheck(log.Sent[subscription.Channel], subscription, result).Run();
            OverflowCheck.Run(subscription, result);
        }

        foreach (var listener in log.Listeners)
        {
            result.Reconnects += Session.Of(listener).Count(session => !session.IsFirstOfRun);
            StateCheck.Run(listener, result);
            NoticeCheck.Run(listener, log, result);
            ConnectionCheck.Run(listener, log, result);
            var arrivals = new ArrivalCheck(listener, log, result);
            foreach (var subscription in log.Subscriptions.Where(subscription => subscription.Listener == listener))
                arrivals.Run(subscription);
        }

        var bound = Settings.MemoryBase + log.Memory.Entries * Settings.MemoryPerEntry;
        if (log.Memory.Bytes > bound)
            result.Add(Rule.BoundedMemory, "memory", log.Memory.At, string.Create(CultureInfo.InvariantCulture, $"{log.Memory.Bytes / 1e6:0} MB were in use; the bound is {bound / 1e6:0} MB"));
        foreach (var error in log.Errors)
            result.Add(Rule.NoError, "run", default, error);
        return result;
    }
}
