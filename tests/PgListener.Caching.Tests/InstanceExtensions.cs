namespace PgListener.Caching.Tests;

internal static class InstanceExtensions
{
    /// <summary>Reads the key "a" with the tag "products" from a source that is held.</summary>
    public static Task<string> GetHeldAsync(this Instance instance, Reading reading, string value, CancellationToken cancellationToken)
        => instance.Cache.GetOrCreateAsync("a", token => reading.ReadAsync(value, token), tags: ["products"], cancellationToken: cancellationToken).AsTask();
}
