using System.Globalization;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Chaos.Checks;

/// <summary>Compares what was committed with what was handled. It knows the logs of a run and the promises, and nothing of the library.</summary>
public static class Checker
{
    /// <summary>Checks a run.</summary>
    public static CheckResult Check(RunLog log)
    {
        var result = new CheckResult();
        foreach (var error in log.Errors)
            result.Add(Rule.NoError, "run", error);
        foreach (var promise in log.Promises)
        {
            var effects = log.Effects.Where(effect => effect.Subscription == promise.Subscription).OrderBy(effect => effect.Serial).ToArray();
            CheckContent(log, promise, effects, result);
            if (promise.KeepsOrder)
                CheckOrder(promise, effects, result);
            CheckDuplicates(log, promise, effects, result);
        }

        return result;
    }

    private static void CheckContent(RunLog log, Promise promise, Effect[] effects, CheckResult result)
    {
        var committed = log.Written.Where(written => written.Outcome == Outcome.Committed).Select(written => written.Number).ToHashSet();
        var possible = log.Written.Where(written => written.Outcome != Outcome.RolledBack).Select(written => written.Number).ToHashSet();
        foreach (var effect in effects.Where(effect => !possible.Contains(effect.Number)))
            result.Add(Rule.WasCommitted, promise.Subscription, $"{Describe(effect)} was not committed");
        committed.ExceptWith(effects.Select(effect => effect.Number));
        foreach (var number in committed)
            result.Add(Rule.NotLost, promise.Subscription, string.Create(CultureInfo.InvariantCulture, $"number {number} was committed and not handled"));
    }

    private static void CheckOrder(Promise promise, Effect[] effects, CheckResult result)
    {
        foreach (var account in effects.Where(effect => effect.Account is not null).GroupBy(effect => effect.Account, StringComparer.Ordinal))
        {
            Effect? last = null;
            foreach (var effect in account.DistinctBy(effect => effect.Number))
            {
                if (last is not null && effect.Sequence < last.Sequence)
                    result.Add(Rule.InOrder, promise.Subscription, $"{Describe(effect)} came after {Describe(last)}");
                else
                    last = effect;
            }
        }
    }

    private static void CheckDuplicates(RunLog log, Promise promise, Effect[] effects, CheckResult result)
    {
        foreach (var same in effects.GroupBy(effect => effect.Number).Select(group => group.ToArray()).Where(group => group.Length > 1))
        {
            foreach (var (first, second) in same.Zip(same.Skip(1)))
            {
                if (promise.IsEffectivelyOnce)
                    result.Add(Rule.EffectOnce, promise.Subscription, $"{Describe(first)}, and again {Describe(second)}");
                else if (log.Faults.FirstOrDefault(fault => Explains(fault, first, second)) is { } cause)
                    result.Duplicates[cause.Kind] = result.Duplicates.GetValueOrDefault(cause.Kind) + 1;
                else
                    result.Add(Rule.DuplicateExplained, promise.Subscription, $"{Describe(first)}, and again {Describe(second)}, without a reason");
            }
        }
    }

    /// <summary>Whether a fault between the two can have prevented that the first was acknowledged. A process that is stopped in order acknowledges what it has handled.</summary>
    private static bool Explains(Fault fault, Effect first, Effect second)
        => fault.Kind is FaultKind.KillReader or FaultKind.FreezeReader or FaultKind.TerminateSessions or FaultKind.PartitionReader or FaultKind.KillServer or FaultKind.RestartServer or FaultKind.Stall
            && (fault.Process is null || fault.Process == first.Process || fault.Process == second.Process)
            && fault.Begun <= second.At + Settings.Around
            && fault.Ended >= first.At - Settings.Around;

    private static string Describe(Effect effect) => string.Create(
        CultureInfo.InvariantCulture, $"number {effect.Number} ({effect.Account} {effect.Sequence}) by {effect.Process} at {effect.At:HH:mm:ss.fff}");
}
