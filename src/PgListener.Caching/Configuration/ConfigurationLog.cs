using Microsoft.Extensions.Logging;

namespace PgListener.Configuration;

/// <summary>The log events of settings that are read from a table, with the ids 738 to 744, which are never reused. None of them has a value of a setting.</summary>
internal static partial class ConfigurationLog
{
    [LoggerMessage(738, LogLevel.Information, "Read {Count} settings from table {Table}{Changes}.")]
    public static partial void ConfigurationRead(this ILogger logger, int count, string table, string changes);

    [LoggerMessage(739, LogLevel.Warning, "The settings of table {Table} cannot be read. {Problem} {InForce} The table is read again until that succeeds.")]
    public static partial void ConfigurationNotRead(this ILogger logger, string table, string problem, string inForce);

    [LoggerMessage(740, LogLevel.Debug, "The settings of table {Table} still cannot be read. {Problem}")]
    public static partial void ConfigurationStillNotRead(this ILogger logger, string table, string problem);

    [LoggerMessage(741, LogLevel.Warning, "Table {Table} cannot be read, so the application starts with {Count} settings that were read at {ReadAt}, from the file {File}. {Problem}")]
    public static partial void StartedWithLastKnown(this ILogger logger, string table, int count, DateTimeOffset readAt, string file, string problem);

    [LoggerMessage(742, LogLevel.Warning, "The file {File}, which keeps the settings of table {Table} for a start without the database, cannot be written: {Problem}. Give the process the right to create files in its folder.")]
    public static partial void LastKnownNotWritten(this ILogger logger, string file, string table, string problem);

    [LoggerMessage(743, LogLevel.Warning, "Table {Table} has several rows for the same key, and the last one counts: {Keys}. Upper and lower case of keys do not matter. Remove the others.")]
    public static partial void KeysRepeated(this ILogger logger, string table, string keys);

    [LoggerMessage(744, LogLevel.Error, "The settings of table {Table} have changed and are in force, but something that reacts to the change has failed ({Errors}). The messages are not logged, because they may contain values.")]
    public static partial void ReactionFailed(this ILogger logger, string table, string errors);
}
