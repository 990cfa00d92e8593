namespace PgListener.Caching.Tests.Checks;

/// <summary>A cache of one instance, as the checker uses it.</summary>
internal interface ICheckedCache
{
    /// <summary>The channel of its notifications.</summary>
    string Channel { get; }

    ValueTask<long> GetAsync(string key, VersionTable source, Action onRead);

    /// <summary>Removes a value, or replaces it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The new value.</param>
    /// <param name="how">A number from 0, for one of the ways to do that.</param>
    /// <returns>When the method of the cache has returned: a task that completes when the others have been told.</returns>
    Task<Task> WriteAsync(string key, long version, int how);

    /// <summary>A notification about a key that no instance has.</summary>
    string Fence(string key);

    /// <summary>The key of such a notification, if it is one.</summary>
    string? KeyOf(string payload);
}
