using Npgsql;

namespace PgListener.Connections;

/// <summary>Where connections come from: the one that listens, and pooled ones for everything else.</summary>
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

    /// <summary>Whether the connections go back to the caller's pool, and must not go there still listening, or with settings of the listener's.</summary>
    public bool IsPooled => !_owned;

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

        return new(primary, primary, primary, owned: false) { _hosts = dataSource as NpgsqlMultiHostDataSource };
    }

    /// <summary>Builds data sources of our own from the configured string, which alone still has the password.</summary>
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
            // Equal to the wait's own limit: then no wait has to change the socket's receive timeout, twice each.
            settings.CommandTimeout = (int)options.KeepAlive.TotalSeconds;
            settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
        }

        void Pooled(NpgsqlConnectionStringBuilder settings)
        {
            // Seldom needed, and so not to be kept open for long.
            settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
            settings.ConnectionIdleLifetime = Math.Min(settings.ConnectionIdleLifetime, IdleSeconds);
            settings.ConnectionPruningInterval = Math.Min(settings.ConnectionPruningInterval, IdleSeconds);
        }
    }

    /// <summary>Makes the connection that will listen, not yet open.</summary>
    public NpgsqlConnection CreateListening()
    {
        // Which host is the primary is found out anew each time: the caller's data source remembers it for Host Recheck Seconds.
        _hosts?.ClearDatabaseStates();
        return _listening.CreateConnection();
    }

    /// <summary>Opens a connection for the listener itself: a new one, or one of the caller's pool.</summary>
    public ValueTask<NpgsqlConnection> OpenSecondAsync(CancellationToken cancellationToken) => _second.OpenConnectionAsync(cancellationToken);

    /// <summary>Opens a connection for a callback.</summary>
    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => _pooled.OpenConnectionAsync(cancellationToken);

    /// <summary>Closes what our own pool keeps in reserve. It leads to where the server was.</summary>
    public void CloseIdle()
    {
        if (_owned)
            _pooled.Clear();
    }

    /// <summary>The same as <see cref="DisposeAsync"/>, for one that was never used.</summary>
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

    /// <summary>What is common to our own data sources, before what the user adds.</summary>
    /// <param name="configure">What the user adds.</param>
    /// <param name="isPlain">Whether no types are needed but the simplest. Asking for them takes a query, which a role's settings may cut off before they can be changed.</param>
    private static Action<NpgsqlDataSourceBuilder> Configure(Action<NpgsqlDataSourceBuilder>? configure, bool isPlain) => builder =>
    {
        configure?.Invoke(builder);
        if (isPlain)
            builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));
    };
}
