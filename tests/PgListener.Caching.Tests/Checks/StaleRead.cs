namespace PgListener.Caching.Tests.Checks;

/// <summary>A value that was returned although a newer one had been heard of, or written by the same instance.</summary>
/// <param name="Read">The value.</param>
/// <param name="Write">The newer one.</param>
/// <param name="Age">The time since then.</param>
internal sealed record StaleRead(Read Read, Write Write, TimeSpan Age)
{
    public override string ToString() => $"{Read} is older than {Write}";
}
