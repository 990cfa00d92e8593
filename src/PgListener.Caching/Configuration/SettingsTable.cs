using System.Globalization;
using Npgsql;
using PgListener.ChangeFeeds;
using PgListener.Connections;

namespace PgListener.Configuration;

/// <summary>Reads the table, with one query, on a connection of its own each time.</summary>
internal sealed class SettingsTable : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;
    private readonly PostgresConfigurationOptions _options;
    private readonly string _query;
    private readonly string[] _parameters;

    /// <exception cref="ArgumentException">The connection string is wrong.</exception>
    public SettingsTable(string connectionString, PostgresConfigurationOptions options)
    {
        _options = options;
        _parameters = Filter(options) is { Length: > 0 } filter ? [.. options.Where.Values, filter] : [.. options.Where.Values];
        _query = Query(options);
        _source = DataSourceFactory.Build(connectionString, options.ConfigureDataSource, settings =>
        {
            settings.Pooling = false; // It is read rarely.
            settings.Multiplexing = false;
            settings.Enlist = false;
            settings.Timeout = (int)Math.Ceiling(options.Listener.ConnectTimeout.TotalSeconds);
            settings.CommandTimeout = (int)Math.Ceiling(options.Listener.CommandTimeout.TotalSeconds);
        });
    }

    /// <summary>Reads all settings, as one transaction has left them.</summary>
    public async Task<SettingsRead> ReadAsync(CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var repeated = new List<string>();
        var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(_query, connection);
            await using (command.ConfigureAwait(false))
            {
                foreach (var parameter in _parameters)
                    command.Parameters.Add(new() { Value = parameter });
                var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                {
                    while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                        Add(rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1));
                }
            }
        }

        return new(settings, repeated);

        void Add(string key, string? value)
        {
            if (!key.StartsWith(_options.Prefix, StringComparison.OrdinalIgnoreCase) || key.Length == _options.Prefix.Length)
                return;

            var name = key[_options.Prefix.Length..];
            if (!settings.TryAdd(name, value))
            {
                settings[name] = value;
                repeated.Add(name);
            }
        }
    }

    /// <summary>Checks whether the triggers of its feed are in the database.</summary>
    /// <returns>What is wrong and what to do, as one line; <see langword="null"/> if nothing is.</returns>
    public async Task<string?> ProblemWithFeedAsync(CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await FeedCheck.ProblemAsync(connection, _options.Feed.Definition, _options.Listener.ChannelPrefix, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>The beginning of the prefix by which the server filters. The rest is compared here: what upper and lower case of other letters are depends on the database.</summary>
    private static string Filter(PostgresConfigurationOptions options) => string.Concat(options.Prefix.TakeWhile(char.IsAscii));

    private static string Query(PostgresConfigurationOptions options)
    {
        var feed = options.Feed;
        var key = $"{SqlText.Name(options.KeyColumn)}::pg_catalog.text";
        string[] conditions =
        [
            $"{SqlText.Name(options.KeyColumn)} IS NOT NULL",
            .. options.Where.Keys.Select((column, i) => string.Create(CultureInfo.InvariantCulture, $"{SqlText.Name(column)}::pg_catalog.text OPERATOR(pg_catalog.=) ${i + 1}")),
        ];
        if (Filter(options).Length > 0)
            conditions = [.. conditions, string.Create(CultureInfo.InvariantCulture, $"pg_catalog.starts_with(pg_catalog.lower({key} COLLATE pg_catalog.\"C\"), pg_catalog.lower(${options.Where.Count + 1} COLLATE pg_catalog.\"C\"))")];

        // Of two keys that differ in upper and lower case only, the same one wins each time.
        return $"SELECT {key}, {SqlText.Name(options.ValueColumn)}::pg_catalog.text FROM {SqlText.Name(feed.Schema, feed.Table)} WHERE {string.Join(" AND ", conditions)} ORDER BY {key} COLLATE pg_catalog.\"C\"";
    }
}
