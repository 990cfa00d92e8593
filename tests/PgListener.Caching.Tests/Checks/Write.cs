namespace PgListener.Caching.Tests.Checks;

/// <summary>A committed change of a value. Moments are in ticks of this machine's clock.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">The new value: 1, 2, …</param>
/// <param name="Instance">The instance that has made it.</param>
/// <param name="Returned">When the cache's method had returned.</param>
/// <param name="Sent">When the other instances had certainly been told; <see langword="null"/> if that is not known.</param>
internal sealed record Write(string Key, long Version, string Instance, long Returned, long? Sent);
