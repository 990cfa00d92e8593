namespace PgListener;

public sealed partial class PgListenerBuilder
{
    /// <summary>Registers the change feed of a table, so that handlers and streams of <see cref="Changes{T}"/> on this listener receive its changes.</summary>
    /// <typeparam name="T">The class that stands for the table. The library does not map rows to it.</typeparam>
    /// <param name="feed">The feed, with a key. On this listener, <see cref="Changes{T}"/> uses its channel.</param>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// <para>This creates nothing in the database, which needs what the feed's <see cref="ChangeFeed.Script"/> creates. After each connect, and once per <see cref="ListenerOptions.ProveDeliveryInterval"/>, the listener checks whether it is there, enabled and of the same shape; if not, a warning names the table, the feed and the fix, and the health check is degraded.</para>
    /// <para>Adding the same feed again changes nothing.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The feed has no key, <typeparamref name="T"/> has another feed on this listener, or another feed of it has the same function or channel.</exception>
    public PgListenerBuilder AddChangeFeed<T>(ChangeFeed feed)
    {
        ArgumentNullException.ThrowIfNull(feed);
        _registration.Feeds.Add(typeof(Changes<T>), feed);
        return this;
    }
}
