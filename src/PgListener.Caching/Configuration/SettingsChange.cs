namespace PgListener.Configuration;

/// <summary>Which keys differ between two readings.</summary>
internal static class SettingsChange
{
    private const int Named = 10;

    /// <summary>The keys that were added, removed, or have another value, on one line each.</summary>
    public static string[] Between(Dictionary<string, string?> before, Dictionary<string, string?> after)
        => [.. after.Where(setting => !before.TryGetValue(setting.Key, out var value) || !string.Equals(value, setting.Value, StringComparison.Ordinal))
            .Select(setting => setting.Key)
            .Concat(before.Keys.Where(key => !after.ContainsKey(key)))
            .Select(key => key.ReplaceLineEndings(" "))
            .Order(StringComparer.OrdinalIgnoreCase)];

    /// <summary>Names keys as the end of a log line.</summary>
    public static string Text(string[] keys)
        => keys.Length == 0 ? "" : $"; changed: {string.Join(", ", keys.Take(Named))}{(keys.Length > Named ? $" and {keys.Length - Named} more" : "")}";
}
