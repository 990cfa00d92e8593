using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.HybridCaching;

public sealed class CacheClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SetClock _system = new() { Now = Noon };

    [Fact]
    public void It_goes_forward_when_the_system_stands_still_or_is_set_back()
    {
        var clock = new CacheClock(_system);
        Assert.Equal(Noon, clock.GetUtcNow());
        Assert.Equal(Noon.AddTicks(1), clock.GetUtcNow());
        _system.Now = Noon.AddMinutes(-1);
        Assert.Equal(Noon.AddTicks(2), clock.GetUtcNow());
        _system.Now = Noon.AddMinutes(1);
        Assert.Equal(Noon.AddMinutes(1), clock.GetUtcNow());
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(61, 0)]
    public void It_follows_the_clocks_of_others_unless_they_are_far_ahead(int minutesAhead, int expected)
    {
        var clock = new CacheClock(_system);
        clock.Hear(Noon.AddMinutes(minutesAhead).UtcTicks);
        Assert.InRange(clock.GetUtcNow(), Noon.AddMinutes(expected), Noon.AddMinutes(expected).AddTicks(1));
    }

    [Fact]
    public async Task It_can_be_given_a_moment_for_a_call()
    {
        var clock = new CacheClock(_system);
        await CacheClock.At(5, () =>
        {
            Assert.Equal(5, clock.GetUtcNow().UtcTicks);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(Noon, clock.GetUtcNow());
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
