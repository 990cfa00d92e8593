namespace PgListener.Chaos.Faults;

internal static class RandomExtensions
{
    public static TimeSpan Between(this Random random, TimeSpan least, TimeSpan most) => least + random.NextDouble() * (most - least);

    public static TimeSpan Milliseconds(this Random random, int least, int most) => TimeSpan.FromMilliseconds(random.Next(least, most));

    public static bool Chance(this Random random, double probability) => random.NextDouble() < probability;

    public static T Of<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
