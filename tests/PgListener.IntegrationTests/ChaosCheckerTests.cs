using PgListener.Chaos;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Logs;

namespace PgListener.IntegrationTests;

/// <summary>The checker of the chaos test, on logs that are made up: it finds what is wrong, and nothing in what is right.</summary>
public class ChaosCheckerTests : MadeUpRun
{
    [Fact]
    public void Nothing_is_wrong_with_what_is_whole_or_announced()
    {
        Sends(0.5, 2); // Number 1, before it listens.
        Gets(2.1, 2);
        Loses(2.5);
        Sends(2.6); // Number 3, between two sessions.
        Reconnects(3);
        Hears(3, ResyncReason.Reconnected, since: 2.1);
        Sends(3.5);
        Gets(3.6, 4);
        Sends(4, 5, 6);
        Hears(5.5, ResyncReason.Overflow, since: 3.9, dropped: 2);
        Gets(6.1, 7);
        Heals(7.2);
        Sends(8);
        Gets(8.1, 8);
        Stops(9, seconds: 1);

        var result = Check();
        Assert.Empty(result.Violations);
        Assert.Equal((4, 4, 0, 1), (result.Delivered, result.LostAndAnnounced, result.LostSilently, result.Reconnects));
    }

    [Fact]
    public void A_silent_loss()
    {
        Sends(2, 3, 4);
        Gets(2.1, 1);
        Gets(4.1, 3);
        Finds(Rule.Announced);
        Assert.Equal(1, Check().LostSilently);
    }

    [Theory]
    [InlineData(Outcome.RolledBack)]
    [InlineData(Outcome.Unknown)]
    public void What_was_not_surely_committed_may_be_missing(Outcome outcome)
    {
        Sends(2);
        Sends(outcome, 3);
        Sends(4);
        Gets(2.1, 1);
        Gets(4.1, 3);
        Finds();
    }

    [Fact]
    public void A_loss_outside_the_window_announced()
    {
        Sends(2, 3, 6);
        Gets(2.1, 1);
        Loses(5);
        Reconnects(5.5);
        Hears(5.5, ResyncReason.Reconnected, since: 4); // Number 2 was committed at 3 s.
        Gets(6.1, 3);
        Finds(Rule.InsideWindow);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void An_overflow_that_counts_wrong(int dropped, bool isWrong)
    {
        Sends(2, 3, 4, 5);
        Gets(2.1, 1);
        Hears(4.5, ResyncReason.Overflow, since: 2.9, dropped);
        Gets(5.1, 4);
        Finds(isWrong ? [Rule.DropCount] : []);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_loss_behind_a_gap_that_was_announced_again_and_again(bool isRepeated)
    {
        Sends(2, 3, 4, 5);
        Gets(2.1, 1);
        Loses(2.5);
        Reconnects(2.7);
        Subscription.Add(new Given(At(6), new(Channel, ResyncReason.Reconnected, At(2.1), At(5.5))) { IsRepeated = isRepeated });
        Gets(6.1, 2);
        Gets(6.2, 4);
        Finds(isRepeated ? [] : [Rule.Announced]);
    }

    [Fact]
    public void A_duplicate()
    {
        Sends(2, 3);
        Gets(2.1, 1);
        Gets(3.1, 2);
        Gets(3.2, 2);
        Finds(Rule.NoDuplicate);
    }

    [Fact]
    public void A_disorder()
    {
        Sends(2, 3, 4);
        Gets(2.1, 1);
        Hears(3.9, ResyncReason.Overflow, since: 2.5, dropped: 1);
        Gets(4.1, 3);
        Gets(4.2, 2);
        Finds(Rule.InOrder);
    }

    [Fact]
    public void Something_that_was_never_sent_or_rolled_back()
    {
        Sends(Outcome.RolledBack, 2);
        Gets(2.1, 1);
        Gets(2.2, 2);
        Finds(Rule.WasSent, Rule.WasSent);
    }

    [Fact]
    public void A_beginning_without_an_announcement()
    {
        var silent = Log.Add(new SubscriptionLog("silent", Channel, Listener));
        Sends(2);
        Gets(2.1, 1);
        silent.Add(new Given(At(2.1), 1, Length(1)));
        Finds(Rule.BeginsWithStarted);
    }

    [Fact]
    public void A_session_that_is_not_announced()
    {
        Loses(2);
        Reconnects(3);
        Sends(4);
        Gets(4.1, 1);
        Finds(Rule.SessionAnnounced);
    }

    [Fact]
    public void A_session_that_is_announced_too_late()
    {
        Loses(2);
        Reconnects(3);
        Sends(4);
        Gets(4.1, 1);
        Hears(4.2, ResyncReason.Reconnected, since: 1.9);
        Finds(Rule.SessionAnnounced, Rule.AnnouncedOnce);
    }

    [Fact]
    public void An_announcement_that_is_made_again_because_the_first_call_failed()
    {
        Loses(2);
        Reconnects(3);
        Hears(2.99, ResyncReason.Reconnected, since: 1.9);
        Subscription.Add(new Given(At(4), new(Channel, ResyncReason.Reconnected, At(1.9), At(2.99))));
        Finds();
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void A_gap_that_has_dropped_and_ends_after_a_session_that_was_lost_before_it_was_said_to_listen(int dropped, bool isWrong)
    {
        Loses(2);
        Happens(2.5, ListenerEventKind.Lost);
        Reconnects(4);
        Hears(3, ResyncReason.Reconnected, since: 1.9, dropped);
        Hears(3.99, ResyncReason.Reconnected, since: 1.9);
        Finds(isWrong ? [Rule.AnnouncedOnce] : []);
    }

    [Fact]
    public void A_session_that_is_announced_twice()
    {
        Loses(2);
        Reconnects(3);
        Hears(2.9, ResyncReason.Reconnected, since: 1.9);
        Hears(2.95, ResyncReason.Reconnected, since: 1.9);
        Finds(Rule.AnnouncedOnce);
    }

    [Fact]
    public void Sessions_that_are_announced_together()
    {
        Loses(2);
        Reconnects(3);
        Loses(4);
        Reconnects(5);
        Hears(4.9, ResyncReason.Reconnected, since: 1.9);
        Finds();
    }

    [Fact]
    public void An_overflow_that_was_come_to_after_the_loss()
    {
        Loses(2);
        Hears(2.5, ResyncReason.Overflow, since: 1.5);
        Hears(2.9, ResyncReason.Reconnected, since: 1.9);
        Reconnects(3);
        Finds();
    }

    [Fact]
    public void A_gap_that_grew_until_after_the_next_loss()
    {
        Loses(2);
        Reconnects(3);
        Loses(4);
        Hears(4.5, ResyncReason.Reconnected, since: 1.9); // Of 3 s: what was dropped after it has made it grow.
        Hears(4.9, ResyncReason.Reconnected, since: 3.9);
        Reconnects(5);
        Finds();
    }

    [Fact]
    public void A_session_that_was_lost_before_it_was_said_to_listen()
    {
        Loses(2);
        Hears(3, ResyncReason.Reconnected, since: 1.9);
        Loses(3.1);
        Reconnects(4);
        Hears(3.9, ResyncReason.Reconnected, since: 3);
        Finds();
    }

    [Fact]
    public void A_call_after_the_end()
    {
        Sends(2, 3);
        Subscription.EndBegun = At(2.2);
        Subscription.Ended = At(2.3);
        Gets(2.25, 1);
        Finds();
        Gets(3.1, 2);
        Finds(Rule.SilentAfterEnd);
    }

    [Theory]
    [InlineData(ListenerState.Connecting)]
    [InlineData(ListenerState.Stopping)]
    [InlineData(ListenerState.Stopped)]
    public void A_state_out_of_turn(ListenerState state)
    {
        Sees(2, state);
        Finds(Rule.LegalStates);
    }

    [Fact]
    public void A_state_after_the_stop()
    {
        Stops(2, seconds: 1);
        Finds();
        Sees(4, ListenerState.Listening);
        Finds(Rule.LegalStates);
    }

    [Fact]
    public void A_state_that_is_told_out_of_turn()
    {
        Tells(2, ListenerState.Listening, ListenerState.Reconnecting);
        Tells(3, ListenerState.Reconnecting, ListenerState.Stopping);
        Finds();
        Tells(4, ListenerState.Stopping, ListenerState.Listening);
        Finds(Rule.LegalStates);
    }

    [Fact]
    public void A_stop_that_takes_too_long()
    {
        Stops(2, seconds: 10);
        Finds(Rule.StopsInTime);
    }

    [Fact]
    public void A_subscription_that_stays_deaf()
    {
        Heals(2);
        Sends(3);
        Finds(Rule.Recovers);
    }

    [Fact]
    public void A_subscription_that_recovers_too_late()
    {
        var late = 2.1 + Settings.RecoveryLimit.TotalSeconds;
        Heals(2);
        Sends(late);
        Gets(late, 1);
        Finds(Rule.Recovers);
    }

    [Fact]
    public void The_last_one_missing()
    {
        Heals(2);
        Sends(3, 4);
        Gets(3.1, 1);
        Finds(Rule.Recovers);
        Assert.Equal(1, Check().LostSilently);
    }

    [Fact]
    public void Too_much_memory()
    {
        Log.Memory = (Settings.MemoryBase + 1, 0, At(2));
        Finds(Rule.BoundedMemory);
    }
}
