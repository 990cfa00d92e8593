namespace PgListener.Testing;

/// <summary>The settings of a server whose data need not be durable.</summary>
internal static class ServerSettings
{
    private static readonly KeyValuePair<string, string>[] Fast =
    [
        new("fsync", "off"),
        new("synchronous_commit", "off"),
        new("full_page_writes", "off"),
        new("shared_buffers", "16MB"),
        new("max_connections", "200"),
    ];

    /// <summary>Returns command line arguments for <c>postgres</c>. A later one wins over an earlier one of the same name.</summary>
    public static IEnumerable<string> ToArguments(params IEnumerable<KeyValuePair<string, string>>[] settings) =>
        settings.Prepend(Fast).SelectMany(group => group).SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" });
}
