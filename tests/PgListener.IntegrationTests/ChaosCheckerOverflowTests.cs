using PgListener.Chaos;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Logs;

namespace PgListener.IntegrationTests;

/// <summary>Which overflows the checker of the chaos test takes for deserved, on logs that are made up.</summary>
public class ChaosCheckerOverflowTests() : MadeUpRun(patience: TimeSpan.FromSeconds(3))
{
    [Theory]
    [InlineData(3.1, false)]
    [InlineData(2.6, false)] // It was recorded a little shorter than it was.
    [InlineData(1.5, true)]
    public void An_overflow_of_one_that_was_busy_itself(double busy, bool isWrong)
    {
        IsBusy(20, busy);
        Overflows(30);
        Finds(isWrong ? [Rule.OnlyTheGuiltyOverflow] : []);
        Assert.Equal((1, isWrong ? 1 : 0), (Check().OverflowsJudged, Check().InnocentOverflows));
    }

    [Fact]
    public void An_overflow_of_one_whose_busy_times_come_to_as_much_together()
    {
        IsBusy(20, 1.2);
        IsBusy(22, 1.2);
        IsBusy(24, 0.8);
        Overflows(30);
        Finds();
    }

    [Fact]
    public void An_overflow_while_a_neighbour_hangs()
    {
        Log.Add(new SubscriptionLog("neighbour", Channel, Listener, TimeSpan.FromSeconds(3))).Add(new Busy(At(24), At(29)));
        Overflows(30);
        Finds(Rule.OnlyTheGuiltyOverflow);
    }

    [Fact]
    public void An_overflow_long_after_it_was_busy()
    {
        IsBusy(3, 5);
        Overflows(8 + 3.1 + Settings.GuiltMemory.TotalSeconds);
        Finds(Rule.OnlyTheGuiltyOverflow);
    }

    [Fact]
    public void Something_dropped_in_a_gap_of_a_reconnect()
    {
        Sends(2, 19.9);
        Gets(2.1, 1);
        Loses(20);
        Reconnects(20.5);
        Hears(20.5, ResyncReason.Reconnected, since: 19.8, dropped: 1);
        Finds(Rule.OnlyTheGuiltyOverflow);
    }

    [Fact]
    public void An_overflow_of_one_that_has_little_time()
    {
        var hasty = Log.Add(new SubscriptionLog("hasty", Channel, Listener, Settings.LeastPatience - TimeSpan.FromSeconds(0.1)));
        hasty.Add(new Given(At(1), new(Channel, ResyncReason.Started, since: null, At(1))));
        hasty.Add(new Given(At(30), new(Channel, ResyncReason.Overflow, At(29), At(30))));
        Finds();
    }

    [Fact]
    public void An_overflow_soon_after_a_start()
    {
        Overflows(3);
        Finds();
    }

    private void IsBusy(double second, double seconds) => Subscription.Add(new Busy(At(second), At(second + seconds)));

    private void Overflows(double second)
    {
        Sends(2, second - 0.2);
        Gets(2.1, 1);
        Hears(second, ResyncReason.Overflow, since: second - 0.3, dropped: 1);
    }
}
