using PgListener.Chaos.Checks;
using PgListener.Chaos.Logs;

namespace PgListener.IntegrationTests;

/// <summary>The logs of a run that are made up, for the checker of the chaos test: one listener, one subscription, times in seconds.</summary>
public abstract class MadeUpRun
{
    protected const string Channel = "c";
    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Begins with what every log begins with: a start at 0 s, the first session at 1 s.</summary>
    /// <param name="patience">How long the subscription may hold up the reading, if it may.</param>
    protected MadeUpRun(TimeSpan? patience = null)
    {
        Listener = Log.Add(new SubjectLog("listener"));
        Subscription = Log.Add(new SubscriptionLog("subscription", Channel, Listener, patience));
        Happens(0, ListenerEventKind.StartBegun);
        Sees(0.1, ListenerState.Connecting);
        Happens(0.2, ListenerEventKind.Started);
        Hears(1, ResyncReason.Started, since: null);
        Happens(1.01, ListenerEventKind.Listening);
        Sees(1.1, ListenerState.Listening);
    }

    protected RunLog Log { get; } = new([Channel]);

    protected SubjectLog Listener { get; }

    protected SubscriptionLog Subscription { get; }

    protected static DateTimeOffset At(double second) => Zero.AddSeconds(second);

    protected CheckResult Check() => Checker.Check(Log);

    protected static int Length(int number) => 100 + number;

    protected void Finds(params Rule[] rules)
    {
        var violations = Check().Violations;
        Assert.True(rules.SequenceEqual(violations.Select(violation => violation.Rule)), string.Join('\n', violations));
    }

    protected void Sends(params double[] seconds) => Sends(Outcome.Committed, seconds);

    protected void Sends(Outcome outcome, params double[] seconds)
    {
        foreach (var second in seconds)
            Log.Sent[Channel].Add(new(Log.Sent[Channel].Count + 1, Length(Log.Sent[Channel].Count + 1), At(second), At(second + 0.005), outcome));
    }

    protected void Gets(double second, int number) => Subscription.Add(new Given(At(second), number, Length(number)));

    protected void Hears(double second, ResyncReason reason, double? since, long dropped = 0)
        => Subscription.Add(new Given(At(second), new(Channel, reason, since is { } from ? At(from) : null, At(second), dropped)));

    protected void Happens(double second, ListenerEventKind kind) => Listener.Add(new ListenerEvent(At(second), kind, default, default, ""));

    protected void Sees(double second, ListenerState state) => Listener.Add(new ListenerEvent(At(second), ListenerEventKind.State, state, default, ""));

    protected void Tells(double second, ListenerState previous, ListenerState state) => Listener.Add(new ListenerEvent(At(second), ListenerEventKind.Told, state, previous, ""));

    protected void Loses(double second)
    {
        Happens(second, ListenerEventKind.Lost);
        Sees(second, ListenerState.Reconnecting);
    }

    protected void Reconnects(double second)
    {
        Happens(second, ListenerEventKind.Listening);
        Sees(second, ListenerState.Listening);
    }

    protected void Heals(double second) => Log.HealedAt = At(second);

    protected void Stops(double second, double seconds)
    {
        Happens(second, ListenerEventKind.StopBegun);
        Sees(second + 0.01, ListenerState.Stopping);
        Sees(second + seconds - 0.01, ListenerState.Stopped);
        Happens(second + seconds, ListenerEventKind.Stopped);
    }
}
