

namespace PgListener.UnitTests;

public class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1, 0.0, 100)]
    [InlineData(1, 0.5, 150)]
    [InlineData(2, 0.0, 200)]
    [InlineData(3, 0.5, 600)]
    [InlineData(6, 0.0, 3200)]
    public void Doubles_and_takes_between_half_and_all(int failures, double random, int milliseconds)
        => Assert.Equal(milliseconds, Backoff.Next(failures, First, Most, random).TotalMilliseconds);

    [Theory]
    [InlineData(7)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(int.MaxValue)]
    public void Never_exceeds_the_longest_wait(int failures)
    {
        Assert.Equal(Most / 2, Backoff.Next(failures, First, Most, 0));
        Assert.InRange(Backoff.Next(failures, First, Most, 0.999999), Most / 2, Most);
    }
}
