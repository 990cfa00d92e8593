namespace PgListener.Registration;

/// <summary>Connects to PostgreSQL with a connection string, or with a data source of the application.</summary>
internal sealed class NpgsqlConnector : IListenerConnector
{
    public string? ProblemWith(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var path = registration.SectionPath;
        if (registration.UsesRegisteredDataSource && registration.RegisteredDataSource(services) is null)
        {
            var key = registration.Key is { } name ? $" with the key '{name}', or without a key," : "";
            return $"UseDataSource() takes the application's NpgsqlDataSource, and none is registered{key} for the listener of {path}. Add it with services.AddNpgsqlDataSource(…).";
        }

        if (registration.DataSource is not null)
            return null;

        if (!string.IsNullOrWhiteSpace(options.ConnectionString))
            return ConnectionStringCheck.ProblemOf(options.ConnectionString) is { } problem ? $"The connection string of {path} {problem}" : null;

        // The name may be a connection string by mistake, so it must not be repeated.
        return ListenerName.LooksLikeConnectionString(options.ConnectionName)
            ? $"{path}:{nameof(options.ConnectionName)} looks like a connection string, and must be the name of an entry of ConnectionStrings. Set {path}:{nameof(options.ConnectionString)} instead."
            : $"{path}:{nameof(options.ConnectionString)} is not set, and neither is ConnectionStrings:{options.ConnectionName}. Set one of them, or name another connection string in {path}:{nameof(options.ConnectionName)}.";
    }

    public Listener CreateListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var own = registration.WithHost(options, services);
        return registration.DataSource is { } dataSource
            ? new(dataSource(services), own)
            : new(options.ConnectionString!, own, builder => registration.ConfigureDataSource?.Invoke(services, builder));
    }

    /// <summary>The publisher has a pool of its own, unless it uses a data source of the application.</summary>
    public NotificationPublisher CreatePublisher(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var own = registration.PublisherWithHost(options, services);
        return registration.DataSource is { } dataSource
            ? new(dataSource(services), own)
            : new(options.ConnectionString!, own, builder => registration.ConfigureDataSource?.Invoke(services, builder));
    }
}
