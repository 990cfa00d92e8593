using Microsoft.Extensions.Time.Testing;
using PgListener.Configuration;

namespace PgListener.Caching.Tests.Configuration;

public sealed class ReadingPaceTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(null, 0, 20)]
    [InlineData(null, 0.5, 30)]
    [InlineData(10, 0, 250)]
    [InlineData(400, 0, 400)]
    [InlineData(400, 0.5, 600)]
    public void A_time_is_drawn_from_the_delay_or_the_pause_that_a_reading_needs(int? reading, double random, int expected)
    {
        var time = new FakeTimeProvider();
        var pace = new ReadingPace(time);
        if (reading is { } took)
        {
            pace.Begin();
            time.Advance(TimeSpan.FromMilliseconds(took));
            pace.End();
        }

        Assert.Equal(expected, pace.Next(Delay, random).TotalMilliseconds, 0.001);
    }

    [Fact]
    public void After_the_pause_only_the_delay_is_left()
    {
        var time = new FakeTimeProvider();
        var pace = new ReadingPace(time);
        pace.Begin();
        pace.End();
        time.Advance(TimeSpan.FromMilliseconds(240));

        Assert.Equal(Delay, pace.Next(Delay, 0));
    }
}
