using Npgsql;

namespace PgListener;

/// <summary>Makes listeners and publishers from data sources.</summary>
public static class NpgsqlDataSourceExtensions
{
    /// <inheritdoc cref="Listener(NpgsqlDataSource, ListenerOptions)"/>
    /// <param name="dataSource">Where connections come from. It stays yours to dispose of, after the listener.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <returns>A listener that is not started yet.</returns>
    public static Listener CreateListener(this NpgsqlDataSource dataSource, ListenerOptions? options = null)
        => new(dataSource, options);

    /// <summary>Creates a publisher on connections of this data source.</summary>
    /// <param name="dataSource">Where connections come from. It stays yours to dispose of, after the publisher.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <returns>A publisher that has not connected yet.</returns>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public static NotificationPublisher CreatePublisher(this NpgsqlDataSource dataSource, NotificationPublisherOptions? options = null)
        => new(dataSource, options);
}
