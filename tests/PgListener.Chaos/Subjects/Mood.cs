namespace PgListener.Chaos.Subjects;

/// <summary>How a callback behaves at the moment.</summary>
/// <param name="Delay">How long each call for a notification takes.</param>
/// <param name="Throws">Whether each call fails.</param>
/// <param name="ResyncThrows">Whether each call for a gap fails.</param>
internal sealed record Mood(TimeSpan Delay = default, bool Throws = false, bool ResyncThrows = false)
{
    public static readonly Mood Good = new();
}
