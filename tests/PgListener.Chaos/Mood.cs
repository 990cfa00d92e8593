namespace PgListener.Chaos;

/// <summary>How a callback behaves at the moment.</summary>
/// <param name="Delay">How long each call takes.</param>
/// <param name="Throws">Whether each call fails.</param>
internal sealed record Mood(TimeSpan Delay, bool Throws)
{
    public static readonly Mood Good = new(TimeSpan.Zero, Throws: false);
}
