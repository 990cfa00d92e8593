using PgListener.Chaos;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.IntegrationTests;

/// <summary>What the checker of the chaos test says of arrivals, of lost connections, and of clocks, on logs that are made up.</summary>
public class ChaosCheckerLimitTests : MadeUpRun
{
    private static readonly double Limit = (Settings.DetectionLimit + Settings.DetectionTolerance).TotalSeconds;

    [Theory]
    [InlineData(-0.1, false)]
    [InlineData(0.1, true)]
    public void An_arrival(double afterLimit, bool isLate)
    {
        Sends(2);
        Gets(2 + Limit + afterLimit, 1);
        Stops(20, seconds: 1);
        Finds(isLate ? [Rule.ListeningMeansHearing] : []);
        Assert.Equal(1, Check().ArrivalsJudged);
    }

    [Fact]
    public void What_does_not_arrive_at_all()
    {
        Sends(2, 3, 4);
        Gets(2.1, 1);
        Stops(20, seconds: 1);
        Finds(Rule.ListeningMeansHearing);
    }

    [Fact]
    public void What_a_later_one_or_a_gap_makes_up_for()
    {
        Sends(2, 3, 4, 5);
        Gets(2.1, 1);
        Hears(4.5, ResyncReason.Overflow, since: 2.5, dropped: 2);
        Gets(5.1, 4);
        Stops(20, seconds: 1);
        Finds();
    }

    [Fact]
    public void What_does_not_arrive_before_a_loss_that_is_noticed_in_time()
    {
        Sends(2);
        Loses(2 + Limit - 0.1);
        Finds();
        Assert.Equal(0, Check().ArrivalsJudged);
    }

    [Fact]
    public void What_does_not_arrive_before_a_loss_that_is_noticed_late()
    {
        Sends(2);
        Loses(2 + Limit + 0.1);
        Finds(Rule.ListeningMeansHearing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_comes_late_because_the_reading_is_held_up(bool isHeld)
    {
        var neighbour = Log.Add(new SubscriptionLog("neighbour", Channel, Listener, isHeld ? TimeSpan.FromSeconds(3) : null));
        neighbour.Add(new Given(At(1), new(Channel, ResyncReason.Started, since: null, At(1))));
        neighbour.Add(new Busy(At(2), At(5)));
        Sends(2.5);
        neighbour.Add(new Given(At(5), 1, Length(1)));
        Gets(2.5 + Limit + 2.4, 1); // 2.5 s of the time do not count.
        Stops(20, seconds: 1);
        Finds(isHeld ? [] : [Rule.ListeningMeansHearing]);
    }

    [Fact]
    public void What_comes_late_because_the_network_is_slow()
    {
        Log.Add(new Fault(nameof(FaultKind.Delay), "listener, 100 ms", At(2), At(4)));
        Sends(2.5);
        Gets(2.5 + Limit + 1.4, 1);
        Stops(20, seconds: 1);
        Finds();
    }

    [Theory]
    [InlineData(-0.1, false)]
    [InlineData(0.1, true)]
    public void A_connection_that_is_cut(double afterLimit, bool isLate)
    {
        Happens(2, ListenerEventKind.Cut);
        Loses(2 + Limit + afterLimit);
        Finds(isLate ? [Rule.NoticesInTime] : []);
        Assert.Equal(1, Check().CutsJudged);
    }

    [Theory]
    [InlineData("PostgresException: 57P05: terminating connection due to idle-session timeout", true)]
    [InlineData("PostgresException: 57014: canceling statement due to statement timeout", true)]
    [InlineData("PostgresException: 57P01: terminating connection due to administrator command", false)]
    public void A_session_that_is_lost_to_a_setting(string text, bool isWrong)
    {
        Listener.Add(new ListenerEvent(At(2), ListenerEventKind.Lost, default, default, text));
        Finds(isWrong ? [Rule.SetsWhatItNeeds] : []);
    }

    [Theory]
    [InlineData("57P05: terminating connection due to idle-session timeout", false)] // It was idle in somebody's pool.
    [InlineData("57014: canceling statement due to statement timeout", true)]
    public void An_attempt_that_fails_because_of_a_setting(string text, bool isWrong)
    {
        Loses(2);
        Listener.Add(new ListenerEvent(At(2.1), ListenerEventKind.Lost, default, default, text));
        Finds(isWrong ? [Rule.SetsWhatItNeeds] : []);
    }

    [Theory]
    [InlineData(FaultKind.Refuse, "listener", false)]
    [InlineData(FaultKind.Refuse, "another", true)]
    [InlineData(FaultKind.Restart, "", true)]
    public void A_session_without_a_proof_after_a_fault(FaultKind kind, string touched, bool isWrong)
    {
        Log.Add(new SubjectLog("another"));
        Log.Add(new Fault(kind.ToString(), touched, At(2), At(3)));
        Happens(3.5, ListenerEventKind.Unproven);
        Finds(isWrong ? [Rule.ProvenWhenPossible] : []);
    }

    [Fact]
    public void A_session_without_a_proof_while_the_server_is_away()
    {
        Log.Add(new Fault(nameof(FaultKind.Restart), "", At(2), At(3)));
        Happens(2.5, ListenerEventKind.Unproven);
        Finds();
    }

    [Fact]
    public void A_gap_that_ends_before_it_begins()
    {
        SetsClock(1.5, hours: -1);
        Loses(2);
        HearsByItsClock(3, ResyncReason.Reconnected, since: At(1.4), until: At(3).AddHours(-1));
        Reconnects(3);
        Finds(Rule.WindowInOrder);
    }

    [Fact]
    public void A_gap_in_which_the_clock_is_set()
    {
        Sends(1.45, 1.8);
        SetsClock(1.5, hours: -1);
        Loses(2);
        HearsByItsClock(3, ResyncReason.Reconnected, since: At(3).AddHours(-1), until: At(3).AddHours(-1));
        Reconnects(3);
        Sends(3.5);
        Gets(3.6, 3);
        Finds();
    }

    [Theory]
    [InlineData(2.9, false)]
    [InlineData(3.2, true)]
    public void A_gap_by_a_clock_that_is_wrong(double since, bool isWrong)
    {
        SetsClock(1.5, hours: 1);
        Sends(2, 3);
        Gets(2.1, 1);
        Loses(3.5);
        HearsByItsClock(4, ResyncReason.Reconnected, since: At(since).AddHours(1), until: At(4).AddHours(1));
        Reconnects(4);
        Sends(5);
        Gets(5.1, 3);
        Finds(isWrong ? [Rule.InsideWindow] : []);
    }

    private void SetsClock(double second, int hours)
        => Listener.Add(new ListenerEvent(At(second), ListenerEventKind.ClockSet, default, default, "") { Offset = TimeSpan.FromHours(hours) });

    private void HearsByItsClock(double second, ResyncReason reason, DateTimeOffset since, DateTimeOffset until)
        => Subscription.Add(new Given(At(second), new(Channel, reason, since, until)));
}
