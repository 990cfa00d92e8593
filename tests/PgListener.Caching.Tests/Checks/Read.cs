namespace PgListener.Caching.Tests.Checks;

/// <summary>A value that a cache has returned.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">The value.</param>
/// <param name="Instance">The instance.</param>
/// <param name="Started">When the cache was asked.</param>
/// <param name="Horizon">What had been sent before this moment had been heard by then, or a gap in its place.</param>
/// <param name="IsHit">Whether the source was not read for it.</param>
internal sealed record Read(string Key, long Version, string Instance, long Started, long Horizon, bool IsHit);
