namespace PgListener.Chaos.Logs;

/// <summary>A time in which a subscription took nothing, or less than it was given: its callback slept or hung, or its resync failed.</summary>
/// <param name="Begun">When that began.</param>
/// <param name="Ended">When it was over.</param>
public readonly record struct Busy(DateTimeOffset Begun, DateTimeOffset Ended)
{
    public TimeSpan Within(DateTimeOffset from, DateTimeOffset to)
    {
        var (begun, ended) = (Begun > from ? Begun : from, Ended < to ? Ended : to);
        return ended > begun ? ended - begun : TimeSpan.Zero;
    }
}
