namespace PgListener.Bench;

/// <summary>An instance of an application with a cache.</summary>
internal interface ICacheInstance : IAsyncDisposable
{
    /// <summary>Puts a value into the cache's memory, as a reader does.</summary>
    ValueTask FillAsync(string key);

    /// <summary>Whether a value is in the cache's memory.</summary>
    bool Has(string key);

    /// <summary>Removes a value here and elsewhere.</summary>
    ValueTask RemoveAsync(string key);
}
