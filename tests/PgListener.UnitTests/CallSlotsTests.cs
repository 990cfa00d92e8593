using PgListener.Subscriptions;


namespace PgListener.UnitTests;

#pragma warning disable CA2012 // What is asserted is whether a wait has ended at once, which only the ValueTask itself knows.
/// <summary>How many calls may run at a time, step by step.</summary>
public class CallSlotsTests
{
    [Fact]
    public async Task Fewer_slots_are_waited_for_until_enough_calls_have_ended()
    {
        var slots = new CallSlots(3);
        for (var i = 0; i < 3; i++)
            Assert.True(slots.TakeAsync().IsCompletedSuccessfully);
        var wait = slots.TakeAsync();
        slots.Resize(1);
        slots.GiveBack();
        slots.GiveBack();
        Assert.False(wait.IsCompleted);
        slots.GiveBack();
        await EndsAsync(wait);
        Assert.False(slots.IsIdle);
    }

    [Fact]
    public async Task A_number_that_was_lowered_and_raised_again_does_not_wait_for_a_call_that_hangs()
    {
        var slots = new CallSlots(2);
        _ = slots.TakeAsync();
        _ = slots.TakeAsync();
        var wait = slots.TakeAsync();
        slots.Resize(1);
        slots.GiveBack();
        Assert.False(wait.IsCompleted);
        slots.Resize(2);
        await EndsAsync(wait);
    }

    [Fact]
    public async Task Idle_is_when_the_last_call_has_ended_however_many_may_run()
    {
        var slots = new CallSlots(2);
        Assert.True(slots.IsIdle);
        Assert.True(slots.WhenIdleAsync().IsCompletedSuccessfully);
        _ = slots.TakeAsync();
        _ = slots.TakeAsync();
        var wait = slots.WhenIdleAsync();
        slots.Resize(5);
        slots.GiveBack();
        Assert.False(wait.IsCompleted);
        slots.GiveBack();
        await EndsAsync(wait);
        Assert.True(slots.IsIdle);
    }

    private static Task EndsAsync(ValueTask wait) => wait.AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
}
