using Npgsql;

namespace PgListener.Connections;

/// <summary>Where connections come from: the one that listens, and pooled ones for everything else.</summary>
internal sealed class ConnectionSource : IAsyncDisposable
{
    private const int IdleSeconds = 10;

    private readonly NpgsqlDataSource _listening;
    private readonly NpgsqlDataSource _pooled;
    private readonly bool _owned;
    private NpgsqlMultiHostDataSource? _hosts;

    private ConnectionSource(NpgsqlDataSource listening, NpgsqlDataSource pooled, bool owned)
    {
        _listening = listening;
        _pooled = pooled;
        _owned = owned;
    }

    /// <summary>Whether the listening connection goes back to somebody's pool, and must not go there still listening.</summary>
    public bool ReturnsToPool => !_owned;

    /// <summary>Uses the caller's data source, of several hosts the primary.</summary>
    /// <exception cref="ArgumentException">It multiplexes: then no connection belongs to anybody, and nothing can listen.</exception>
    public static ConnectionSource From(NpgsqlDataSource dataSource)
    {
        var primary = DataSourceFactory.ForPrimary(dataSource);
        if (new NpgsqlConnectionStringBuilder(dataSource.ConnectionString).Multiplexing)
        {
            throw new ArgumentException(
                "The data source multiplexes (Multiplexing=true), so that none of its connections stays with the listener. Give the listener a data source without Multiplexing, or a connection string: it then makes a connection of its own. A publisher may use this one.", nameof(dataSource));
        }

        return new(primary, primary, owned: false) { _hosts = dataSource as NpgsqlMultiHostDataSource };
    }

    /// <summary>Builds two data sources of our own from the configured string, which alone still has the password.</summary>
    public static ConnectionSource From(string connectionString, ListenerOptions options, Action<NpgsqlDataSourceBuilder>? configure)
        => new(
            DataSourceFactory.Build(connectionString, configure, settings =>
            {
                settings.Pooling = false;
                settings.Multiplexing = false;
                settings.Enlist = false;
                // The session asks the server itself after a silence. Npgsql's own keepalive would take a lock and set two
                // timers for every notification.
                settings.KeepAlive = 0;
                // Equal to the wait's own limit: then no wait has to change the socket's receive timeout, twice each.
                settings.CommandTimeout = (int)options.KeepAlive.TotalSeconds;
                settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
            }),
            DataSourceFactory.Build(connectionString, configure, settings =>
            {
                // Seldom needed, and so not to be kept open for long.
                settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
                settings.ConnectionIdleLifetime = Math.Min(settings.ConnectionIdleLifetime, IdleSeconds);
                settings.ConnectionPruningInterval = Math.Min(settings.ConnectionPruningInterval, IdleSeconds);
            }),
            owned: true);

    /// <summary>Makes the connection that will listen, not yet open.</summary>
    public NpgsqlConnection CreateListening()
    {
        // Which host is the primary is found out anew each time: the caller's data source remembers it for Host Recheck Seconds.
        _hosts?.ClearDatabaseStates();
        return _listening.CreateConnection();
    }

    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => _pooled.OpenConnectionAsync(cancellationToken);

    /// <summary>Closes what our own pool keeps in reserve.</summary>
    public void CloseIdle()
    {
        if (_owned)
            _pooled.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_owned)
            return;

        await _listening.DisposeAsync().ConfigureAwait(false);
        await _pooled.DisposeAsync().ConfigureAwait(false);
    }
}
