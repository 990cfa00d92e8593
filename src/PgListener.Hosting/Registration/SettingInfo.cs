namespace PgListener.Registration;

/// <summary>A setting, as a change of it is reported.</summary>
/// <param name="Name">Its name, below the section it is in.</param>
/// <param name="Value">Gets it.</param>
/// <param name="NeedsRestart">Whether it is read only at the start. The values of such are not logged: a connection string is among them.</param>
internal sealed record SettingInfo<TOptions>(string Name, Func<TOptions, object?> Value, bool NeedsRestart = false);
