using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener;

/// <summary>Makes listeners from data sources.</summary>
public static class NpgsqlDataSourceExtensions
{
    /// <inheritdoc cref="Listener(NpgsqlDataSource, ListenerOptions, ILoggerFactory, TimeProvider)"/>
    /// <param name="dataSource">Where connections come from. It stays yours to dispose of, after the listener.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <param name="loggerFactory">Where to log; nowhere when left out.</param>
    /// <returns>A listener that is not started yet.</returns>
    public static Listener CreateListener(this NpgsqlDataSource dataSource, ListenerOptions? options = null, ILoggerFactory? loggerFactory = null)
        => new(dataSource, options, loggerFactory);
}
