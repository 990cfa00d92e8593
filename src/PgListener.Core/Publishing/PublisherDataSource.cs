using Npgsql;

namespace PgListener.Publishing;

/// <summary>Builds the pool of a publisher that was made from a connection string.</summary>
internal static class PublisherDataSource
{
    public static NpgsqlDataSource Build(string connectionString, Action<NpgsqlDataSourceBuilder>? configure)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        configure?.Invoke(builder);

        var settings = builder.ConnectionStringBuilder;
        if (string.IsNullOrWhiteSpace(settings.Host))
            throw new ArgumentException("The connection string names no Host.", nameof(connectionString));

        settings.ApplicationName ??= "PgListener";
        if (!settings.Host.Contains(',', StringComparison.Ordinal) && settings.TargetSessionAttributes is null)
            return builder.Build();

        // Nothing can be published on a standby: of several hosts the primary is wanted unless the user says otherwise.
        var target = settings.TargetSessionAttributes is { } text
            ? Enum.Parse<TargetSessionAttributes>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true)
            : TargetSessionAttributes.Primary;
        settings.TargetSessionAttributes = null;
        return builder.BuildMultiHost().WithTargetSession(target);
    }
}
