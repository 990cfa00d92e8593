namespace PgListener;

public sealed partial class PgListenerBuilder
{
    /// <summary>Tells handlers and streams of <see cref="Changes{T}"/> on this listener what changes in a table.</summary>
    /// <typeparam name="T">The class that stands for the table. The library does not map rows to it.</typeparam>
    /// <param name="feed">The feed, with a key. Its channel becomes that of <see cref="Changes{T}"/> here.</param>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// <para>The database needs what the feed's <see cref="ChangeFeed.Script"/> creates. After each connect, the listener checks whether it is there, enabled and of the same shape; if not, a warning names the table, the feed and the remedy, and the health check is degraded.</para>
    /// <para>Adding the same feed again changes nothing.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The feed has no key, or <typeparamref name="T"/> has another feed on this listener.</exception>
    public PgListenerBuilder AddChangeFeed<T>(ChangeFeed feed)
    {
        ArgumentNullException.ThrowIfNull(feed);
        _registration.Feeds.Add(typeof(Changes<T>), feed);
        return this;
    }
}
