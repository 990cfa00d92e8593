using Npgsql;

namespace PgListener.Connections;

/// <summary>Builds our own data sources from a connection string, and narrows those of callers to the primary.</summary>
internal static class DataSourceFactory
{
    private const string Utf8 = "UTF8";

    /// <param name="connectionString">The configured connection string.</param>
    /// <param name="configure">The user's additions.</param>
    /// <param name="enforce">The settings that the library needs, applied last.</param>
    /// <exception cref="ArgumentException">The connection string is wrong; the message names the keyword, never its value.</exception>
    public static NpgsqlDataSource Build(string connectionString, Action<NpgsqlDataSourceBuilder>? configure, Action<NpgsqlConnectionStringBuilder>? enforce = null)
    {
        ConnectionStringRules.ThrowIfInvalid(connectionString);
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        configure?.Invoke(builder);

        var settings = builder.ConnectionStringBuilder;
        ConnectionStringRules.ThrowIfHostless(settings, nameof(connectionString));
        enforce?.Invoke(settings);
        settings.ApplicationName ??= "PgListener";

        // Npgsql writes UTF-8, but would announce another encoding if the environment names one (PGCLIENTENCODING).
        settings.Encoding = Utf8;
        settings.ClientEncoding = Utf8;
        if (!settings.Host!.Contains(',', StringComparison.Ordinal) && settings.TargetSessionAttributes is null)
            return builder.Build();

        // LISTEN and NOTIFY fail on a standby: of several hosts, the primary is used unless the user says otherwise. It must be
        // looked up each time, because a failover changes it.
        var target = settings.TargetSessionAttributes is { } text ? Parse(text) : TargetSessionAttributes.Primary;
        settings.TargetSessionAttributes = null;
        settings.HostRecheckSeconds = 0;
        return builder.BuildMultiHost().WithTargetSession(target);
    }

    /// <summary>Narrows a data source of several hosts to the primary, unless its own settings say which hosts to use.</summary>
    /// <returns>The data source itself if it has one host, or was narrowed already.</returns>
    public static NpgsqlDataSource ForPrimary(NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return dataSource is NpgsqlMultiHostDataSource several && new NpgsqlConnectionStringBuilder(several.ConnectionString).TargetSessionAttributes is null
            ? several.WithTargetSession(TargetSessionAttributes.Primary)
            : dataSource;
    }

    private static TargetSessionAttributes Parse(string text)
        => Enum.Parse<TargetSessionAttributes>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
