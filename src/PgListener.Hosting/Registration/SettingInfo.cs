namespace PgListener.Registration;

/// <summary>A setting, for the report of a change.</summary>
/// <param name="Name">Its name, without the path of its section.</param>
/// <param name="Value">Gets it.</param>
/// <param name="NeedsRestart">Whether it is read only at the start. The values of such settings are not logged, because one of them is the connection string.</param>
internal sealed record SettingInfo<TOptions>(string Name, Func<TOptions, object?> Value, bool NeedsRestart = false);
