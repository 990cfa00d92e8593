using Npgsql;

namespace PgListener;

/// <summary>Creates listeners and publishers on the connections of a data source.</summary>
public static class NpgsqlDataSourceExtensions
{
    /// <inheritdoc cref="Listener(NpgsqlDataSource, ListenerOptions)"/>
    /// <param name="dataSource">The data source that connections are taken from. Dispose of it after the listener.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <returns>A listener that is not started yet.</returns>
    public static Listener CreateListener(this NpgsqlDataSource dataSource, ListenerOptions? options = null)
        => new(dataSource, options);

    /// <summary>Creates a publisher on connections of this data source.</summary>
    /// <param name="dataSource">The data source that connections are taken from. Dispose of it after the publisher.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <returns>A publisher that has not connected yet.</returns>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public static NotificationPublisher CreatePublisher(this NpgsqlDataSource dataSource, NotificationPublisherOptions? options = null)
        => new(dataSource, options);
}
