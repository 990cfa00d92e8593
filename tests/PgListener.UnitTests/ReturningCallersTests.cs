using PgListener.Publishing;

namespace PgListener.UnitTests;

public class ReturningCallersTests
{
    private readonly SignallingTime _clock = new();

    [Fact]
    public async Task The_wait_ends_when_the_last_caller_has_continued()
    {
        var returning = new ReturningCallers(_clock);
        returning.Enter();
        returning.Enter();
        var wait = returning.WhenContinuedAsync();
        returning.Leave();
        Assert.False(wait.IsCompleted);
        returning.Leave();
        await SoonAsync(wait);
        Assert.True(returning.WhenContinuedAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_caller_that_does_not_continue_is_waited_for_only_for_a_moment()
    {
        var returning = new ReturningCallers(_clock);
        returning.Enter();
        var wait = returning.WhenContinuedAsync();
        Assert.Equal(ReturningCallers.Moment, await _clock.NextWaitAsync(TestContext.Current.CancellationToken));
        Assert.False(wait.IsCompleted);
        _clock.Advance(ReturningCallers.Moment);
        await SoonAsync(wait);
    }

    private static Task SoonAsync(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
}
