namespace PgListener.Configuration;

/// <summary>What the table has.</summary>
/// <param name="Settings">The settings. Upper and lower case of keys do not matter.</param>
/// <param name="Repeated">The keys that more than one row has. The last one counts.</param>
internal sealed record SettingsRead(Dictionary<string, string?> Settings, IReadOnlyList<string> Repeated);
