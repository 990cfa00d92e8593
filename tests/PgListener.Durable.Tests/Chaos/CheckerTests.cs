using System.Globalization;
using PgListener.Durable.Chaos.Checks;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Tests.Chaos;

/// <summary>The checker of the chaos run, on logs that are made up: it finds what is wrong, and nothing in what is right. Times are in seconds.</summary>
public class CheckerTests
{
    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RunLog _log = new([new("ordered", KeepsOrder: true, IsEffectivelyOnce: false), new("once", KeepsOrder: false, IsEffectivelyOnce: true)]);
    private long _serial;

    [Fact]
    public void Nothing_is_wrong_with_a_whole_run()
    {
        Writes(1, 2, 3);
        Writes(Outcome.RolledBack, 4);
        Writes(Outcome.Unknown, 5);
        Handles(1, 1, 2, 3);
        Finds();
    }

    [Fact]
    public void A_message_that_one_subscription_has_not_handled()
    {
        Writes(1, 2);
        Handles(1, 1, 2);
        Writes(3);
        Handles("once", 2, 3);
        Finds(Rule.NotLost);
    }

    [Fact]
    public void A_message_of_an_unknown_commit_may_be_handled_and_may_be_missing()
    {
        Writes(Outcome.Unknown, 1, 2);
        Handles(1, 1);
        Finds();
    }

    [Fact]
    public void A_commit_that_turns_out_to_have_succeeded_is_not_to_be_missing()
    {
        Writes(Outcome.Unknown, 1, 2);
        _log.Resolve(new HashSet<long> { 1 });
        Finds(Rule.NotLost, Rule.NotLost);
    }

    [Theory]
    [InlineData(Outcome.RolledBack, true)]
    [InlineData(Outcome.Committed, false)]
    public void A_message_of_a_transaction_that_was_rolled_back(Outcome outcome, bool isWrong)
    {
        Writes(outcome, 1);
        Handles(1, 1);
        Finds(isWrong ? [Rule.WasCommitted, Rule.WasCommitted] : []);
    }

    [Fact]
    public void A_message_that_nobody_has_published()
    {
        Handles("once", 1, 7);
        Finds(Rule.WasCommitted);
    }

    [Fact]
    public void A_disorder_within_a_key()
    {
        Writes(1, 2, 3);
        Handles("once", 1, 1, 2, 3);
        Handles("ordered", 1, 1, 3, 2);
        Finds(Rule.InOrder);
    }

    [Fact]
    public void Without_the_promise_and_without_a_key_the_order_does_not_matter()
    {
        Writes(1, 2, 3);
        Handles("once", 1, 3, 2, 1);
        foreach (var number in new[] { 3, 2, 1 })
            _log.Add(new Effect(++_serial, "ordered", number, null, 0, "a", At(1)));
        Finds();
    }

    [Theory]
    [InlineData(FaultKind.KillReader, "a", 2, 2, true)]
    [InlineData(FaultKind.KillReader, "a", 8, 8, false)] // Later.
    [InlineData(FaultKind.KillReader, "c", 2, 2, false)] // Another reader.
    [InlineData(FaultKind.FreezeReader, "b", 0, 4, true)] // The one that has handled it again was frozen over the first time.
    [InlineData(FaultKind.FreezeReader, "b", 9, 10, false)]
    [InlineData(FaultKind.TerminateSessions, "a", 1.5, 1.6, true)]
    [InlineData(FaultKind.KillServer, null, 2, 3, true)]
    [InlineData(FaultKind.RestartServer, null, 2, 3, true)]
    [InlineData(FaultKind.Stall, "a", 1, 3, true)]
    [InlineData(FaultKind.StopReader, "a", 2, 2, false)] // It acknowledges what it has handled.
    [InlineData(FaultKind.HoldTransaction, null, 1, 4, false)]
    public void A_duplicate_needs_a_reason(FaultKind kind, string? process, double begun, double ended, bool isExplained)
    {
        Writes(1, 2);
        Handles("once", 1, 1, 2);
        Handles("ordered", 1, 1, 2);
        _log.Add(new Effect(++_serial, "ordered", 1, "k", 1, "b", At(4)));
        _log.Add(new Fault(kind, process, At(begun), At(ended)));
        Finds(isExplained ? [] : [Rule.DuplicateExplained]);
        Assert.Equal(isExplained ? 1 : 0, Checker.Check(_log).Duplicates.GetValueOrDefault(kind));
    }

    [Fact]
    public void A_duplicate_effect_has_no_excuse_where_it_was_enlisted()
    {
        Writes(1);
        Handles(1, 1);
        _log.Add(new Effect(++_serial, "once", 1, "k", 1, "b", At(4)));
        _log.Add(new Fault(FaultKind.KillServer, null, At(2), At(3)));
        Finds(Rule.EffectOnce);
    }

    [Fact]
    public void An_error_of_the_run()
    {
        _log.AddError("A reader did not stop.");
        Finds(Rule.NoError);
    }

    [Fact]
    public void The_same_seed_makes_the_same_plan_with_every_kind_of_fault()
    {
        var (plan, again) = (Plan.Draw(1, TimeSpan.FromSeconds(60)), Plan.Draw(1, TimeSpan.FromSeconds(60)));
        FaultStep[] steps = [.. Steps(plan)];
        Assert.Equal(steps, Steps(again));
        Assert.NotEqual(steps, Steps(Plan.Draw(2, TimeSpan.FromSeconds(60))));
        Assert.Equal(Enum.GetValues<FaultKind>().Where(kind => kind != FaultKind.Stall), steps.Select(step => step.Kind).Distinct().Order());

        static IEnumerable<FaultStep> Steps(Plan plan) => plan.Readers.Concat(plan.Server).Select(step => new FaultStep(step.At, step.Kind, step.Seed));
    }

    private static DateTimeOffset At(double second) => Zero.AddSeconds(second);

    private void Writes(params long[] numbers) => Writes(Outcome.Committed, numbers);

    private void Writes(Outcome outcome, params long[] numbers) => _log.Add(numbers.Select(number => new Written(number, outcome)));

    private void Handles(double second, params long[] numbers)
    {
        Handles("ordered", second, numbers);
        Handles("once", second, numbers);
    }

    private void Handles(string subscription, double second, params long[] numbers)
    {
        foreach (var number in numbers)
            _log.Add(new Effect(++_serial, subscription, number, "k", number, "a", At(second)));
    }

    private void Finds(params Rule[] rules)
    {
        var violations = Checker.Check(_log).Violations;
        Assert.True(rules.SequenceEqual(violations.Select(violation => violation.Rule)), string.Create(CultureInfo.InvariantCulture, $"{violations.Count}: {string.Join('\n', violations)}"));
    }

    private sealed record FaultStep(TimeSpan At, FaultKind Kind, int Seed);
}
