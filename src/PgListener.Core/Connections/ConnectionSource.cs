using Npgsql;

namespace PgListener.Connections;

/// <summary>The source of connections: the one that listens, and pooled ones for everything else.</summary>
internal sealed class ConnectionSource : IAsyncDisposable, IDisposable
{
    private const int IdleSeconds = 10;

    private readonly NpgsqlDataSource _listening;
    private readonly NpgsqlDataSource _second;
    private readonly NpgsqlDataSource _pooled;
    private readonly bool _owned;
    private NpgsqlMultiHostDataSource? _hosts;

    private ConnectionSource(NpgsqlDataSource listening, NpgsqlDataSource second, NpgsqlDataSource pooled, bool owned)
    {
        _listening = listening;
        _second = second;
        _pooled = pooled;
        _owned = owned;
    }

    /// <summary>Whether the connections return to the caller's pool, and therefore must not keep listening or keep the listener's settings.</summary>
    public bool IsPooled => !_owned;

    /// <summary>Uses the caller's data source; of several hosts, the primary.</summary>
    /// <exception cref="ArgumentException">It multiplexes, so no connection stays with the listener.</exception>
    public static ConnectionSource From(NpgsqlDataSource dataSource)
    {
        var primary = DataSourceFactory.ForPrimary(dataSource);
        if (new NpgsqlConnectionStringBuilder(dataSource.ConnectionString).Multiplexing)
        {
            throw new ArgumentException(
                "The data source multiplexes (Multiplexing=true), so that none of its connections stays with the listener. Give the listener a data source without Multiplexing, or a connection string, from which it makes its own connection. A publisher may use this data source.", nameof(dataSource));
        }

        return new(primary, primary, primary, owned: false) { _hosts = dataSource as NpgsqlMultiHostDataSource };
    }

    /// <summary>Builds our own data sources from the configured string: only that one still contains the password.</summary>
    public static ConnectionSource From(string connectionString, ListenerOptions options, Action<NpgsqlDataSourceBuilder>? configure)
    {
        var built = new List<NpgsqlDataSource>();
        try
        {
            Build(Unpooled);
            Build(Unpooled);
            Build(Pooled);
            return new(built[0], built[1], built[2], owned: true);
        }
        catch
        {
            built.ForEach(static dataSource => dataSource.Dispose());
            throw;
        }

        void Build(Action<NpgsqlConnectionStringBuilder> enforce)
            => built.Add(DataSourceFactory.Build(connectionString, Configure(configure, isPlain: built.Count < 2), enforce));

        void Unpooled(NpgsqlConnectionStringBuilder settings)
        {
            settings.Pooling = false;
            settings.Multiplexing = false;
            settings.Enlist = false;
            // The session asks the server itself after a silence. Npgsql's own keepalive would take a lock and set two
            // timers for every notification.
            settings.KeepAlive = 0;
            // Equal to the limit of the waits, so that no wait has to change the socket's receive timeout twice.
            settings.CommandTimeout = (int)options.KeepAlive.TotalSeconds;
            settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
        }

        void Pooled(NpgsqlConnectionStringBuilder settings)
        {
            // Rarely needed, so they are not kept open for long.
            settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
            settings.ConnectionIdleLifetime = Math.Min(settings.ConnectionIdleLifetime, IdleSeconds);
            settings.ConnectionPruningInterval = Math.Min(settings.ConnectionPruningInterval, IdleSeconds);
        }
    }

    /// <summary>Creates the connection that will listen, not open yet.</summary>
    public NpgsqlConnection CreateListening()
    {
        // The primary is looked up each time, because the caller's data source caches it for Host Recheck Seconds.
        _hosts?.ClearDatabaseStates();
        return _listening.CreateConnection();
    }

    /// <summary>Opens a connection for the listener itself: a new one, or one of the caller's pool.</summary>
    public ValueTask<NpgsqlConnection> OpenSecondAsync(CancellationToken cancellationToken) => _second.OpenConnectionAsync(cancellationToken);

    /// <summary>Opens a connection for a callback.</summary>
    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => _pooled.OpenConnectionAsync(cancellationToken);

    /// <summary>Closes the idle connections of our own pool, which lead to where the server was.</summary>
    public void CloseIdle()
    {
        if (_owned)
            _pooled.Clear();
    }

    /// <summary>The same as <see cref="DisposeAsync"/>, for a source that was never used.</summary>
    public void Dispose()
    {
        if (!_owned)
            return;

        _listening.Dispose();
        _second.Dispose();
        _pooled.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_owned)
            return;

        await _listening.DisposeAsync().ConfigureAwait(false);
        await _second.DisposeAsync().ConfigureAwait(false);
        await _pooled.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The settings of our own data sources, before the user's additions.</summary>
    /// <param name="configure">The user's additions.</param>
    /// <param name="isPlain">Whether only the simplest types are needed. Loading types takes a query, which a time limit of the role may end before the limit can be lifted.</param>
    private static Action<NpgsqlDataSourceBuilder> Configure(Action<NpgsqlDataSourceBuilder>? configure, bool isPlain) => builder =>
    {
        configure?.Invoke(builder);
        if (isPlain)
            builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));
    };
}
