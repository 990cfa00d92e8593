using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The log events of changed settings, with the ids 440 to 459, which are never reused.</summary>
internal static partial class ReloadLog
{
    [LoggerMessage(440, LogLevel.Information, "{Setting} changed from {Old} to {New}.")]
    public static partial void SettingChanged(this ILogger logger, string setting, string old, string @new);

    [LoggerMessage(441, LogLevel.Warning, "{Setting} changed; takes effect after a restart.")]
    public static partial void SettingNeedsRestart(this ILogger logger, string setting);

    [LoggerMessage(442, LogLevel.Information, "{Setting} changed back; no restart is needed for it.")]
    public static partial void SettingIsBack(this ILogger logger, string setting);

    [LoggerMessage(443, LogLevel.Error, "The changed configuration of {Section} is refused as a whole, and the settings stay as they were. {Problem}")]
    public static partial void ConfigurationRefused(this ILogger logger, string section, string problem);
}
