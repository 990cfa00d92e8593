namespace PgListener.Configuration;

/// <summary>The content of a file with the settings that were read last.</summary>
/// <param name="Source">What was read: the table with its filters.</param>
/// <param name="ReadAt">When it was read.</param>
/// <param name="Settings">The settings.</param>
internal sealed record LastKnownSettings(string Source, DateTimeOffset ReadAt, Dictionary<string, string?> Settings);
