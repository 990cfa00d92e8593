using Npgsql;

namespace PgListener.Connections;

/// <summary>Builds data sources of our own from a connection string.</summary>
internal static class DataSourceFactory
{
    /// <param name="connectionString">What the user has configured.</param>
    /// <param name="configure">What he wants besides.</param>
    /// <param name="enforce">What we need in any case.</param>
    public static NpgsqlDataSource Build(string connectionString, Action<NpgsqlDataSourceBuilder>? configure, Action<NpgsqlConnectionStringBuilder>? enforce = null)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        CertificateCheck.Explain(builder); // The user's own check, if there is one, takes its place.
        configure?.Invoke(builder);

        var settings = builder.ConnectionStringBuilder;
        if (string.IsNullOrWhiteSpace(settings.Host))
            throw new ArgumentException("The connection string names no Host.", nameof(connectionString));

        // Npgsql reads as UTF-8 whatever the server was told to send, by PGCLIENTENCODING for one.
        settings.ClientEncoding = "UTF8";
        settings.Encoding = "UTF8";
        enforce?.Invoke(settings);
        settings.ApplicationName ??= "PgListener";
        if (!settings.Host.Contains(',', StringComparison.Ordinal) && settings.TargetSessionAttributes is null)
            return builder.Build();

        // LISTEN and NOTIFY fail on a standby: of several hosts the primary is wanted unless the user says otherwise. Which one
        // that is must be found out anew each time, since a failover changes it.
        var target = settings.TargetSessionAttributes is { } text ? Parse(text) : TargetSessionAttributes.Primary;
        settings.TargetSessionAttributes = null;
        settings.HostRecheckSeconds = 0;
        return builder.BuildMultiHost().WithTargetSession(target);
    }

    private static TargetSessionAttributes Parse(string text)
        => Enum.Parse<TargetSessionAttributes>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
