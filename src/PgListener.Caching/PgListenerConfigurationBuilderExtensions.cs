using PgListener;
using PgListener.Configuration;

namespace Microsoft.Extensions.Configuration;

/// <summary>Adds the rows of a PostgreSQL table to an application's configuration.</summary>
public static class PgListenerConfigurationBuilderExtensions
{
    /// <summary>Adds a table of settings, which is read again when it changes: by default <c>public.app_settings(key text, value text)</c>, with keys such as <c>Shop:Title</c>.</summary>
    /// <param name="builder">The configuration. The table overrides the sources that were added before, and those that are added later override the table.</param>
    /// <param name="connectionString">How to connect. With several hosts, the primary is used unless <c>Target Session Attributes</c> says otherwise.</param>
    /// <param name="configure">Changes the options: the table, what happens when the database is unavailable, where to log.</param>
    /// <returns>The configuration, to add further sources.</returns>
    /// <remarks>
    /// <para>
    /// A trigger has to notify of changes: <see cref="PostgresConfigurationOptions.Feed"/> has its script. After a change, and after each gap in which a change may have
    /// been missed, the table is read again. If it differs, the configuration's reload token fires, and <c>IOptionsMonitor</c> has the new values.
    /// </para>
    /// <para>
    /// Each source has a listener and a connection of its own, which are disposed of with the configuration; a host does that. The table is read on
    /// further connections, which are closed at once.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The connection string or an option is wrong.</exception>
    /// <exception cref="InvalidOperationException">
    /// The table cannot be read, and neither <see cref="PostgresConfigurationOptions.Optional"/> nor <see cref="PostgresConfigurationOptions.LastKnownFile"/> lets the application start without
    /// it. A configuration that is not a <see cref="ConfigurationManager"/> throws it from <see cref="IConfigurationBuilder.Build"/>.
    /// </exception>
    public static IConfigurationBuilder AddPostgres(this IConfigurationBuilder builder, string connectionString, Action<PostgresConfigurationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var options = new PostgresConfigurationOptions();
        configure?.Invoke(options);
        options.ThrowIfInvalid(nameof(configure));
        return builder.Add(new PostgresConfigurationSource(connectionString, options.Snapshot()));
    }
}
