using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PgListener.Configuration;

/// <summary>The settings that the application has now, and the file that keeps them for a start without the database.</summary>
/// <param name="options">The options.</param>
/// <param name="set">Gives the application other settings.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs what was read, and what was not.</param>
internal sealed class SettingsInForce(PostgresConfigurationOptions options, Action<Dictionary<string, string?>> set, TimeProvider time, ILogger logger)
{
    private readonly string _table = options.Table.ReplaceLineEndings(" ");
    private readonly LastKnownFile? _file = options.LastKnownFile is { } path ? new(path, Origin(options)) : null;
    private Dictionary<string, string?>? _settings;
    private string _description = "None of its settings are in force.";
    private string _repeated = "";
    private bool _isKept;

    /// <summary>How many readings have failed in a row.</summary>
    public int Failures { get; private set; }

    /// <summary>Takes what was read.</summary>
    /// <returns>Whether the settings are other ones than before.</returns>
    public bool Take(SettingsRead read)
    {
        var now = time.GetUtcNow();
        var changed = _settings is null ? [] : SettingsChange.Between(_settings, read.Settings);
        var isOther = _settings is null || changed.Length > 0;
        if (isOther || Failures > 0)
            logger.ConfigurationRead(read.Settings.Count, _table, SettingsChange.Text(changed));
        Failures = 0;
        Report(read.Repeated);
        Put(read.Settings, $"table {_table}", now, isOther);
        if (isOther || !_isKept)
            Keep(read.Settings, now);
        return isOther;
    }

    /// <summary>Leaves the settings as they are, because they cannot be read.</summary>
    public void Fail(Exception error)
    {
        var problem = ReadProblem.Of(error, options);
        if (Failures++ == 0)
            logger.ConfigurationNotRead(_table, problem, _description);
        else
            logger.ConfigurationStillNotRead(_table, problem);
    }

    /// <summary>Begins with the file, or without any settings, because they cannot be read.</summary>
    /// <exception cref="InvalidOperationException">The application must not start like that.</exception>
    public void StartWithout(Exception error)
    {
        var problem = ReadProblem.Of(error, options);
        if (ReadLastKnown(ref problem) is { } known)
        {
            Put(new(known.Settings, StringComparer.OrdinalIgnoreCase), $"the file {_file!.Path}", known.ReadAt, isOther: true);
            logger.StartedWithLastKnown(_table, known.Settings.Count, known.ReadAt, _file.Path, problem);
        }
        else if (options.Optional)
        {
            logger.ConfigurationNotRead(_table, problem, _description);
        }
        else
        {
            throw new InvalidOperationException(
                $"The settings of table {_table} cannot be read, so the application cannot start. {problem} To let it start without the database, set {nameof(options.LastKnownFile)} or {nameof(options.Optional)}.",
                ReadProblem.CauseOf(error));
        }

        Failures = 1;
    }

    /// <summary>What is read, by which the file of another source is recognised.</summary>
    private static string Origin(PostgresConfigurationOptions options)
        => string.Join(" and ", [$"{options.Table} ({options.KeyColumn}, {options.ValueColumn})", .. options.Where.Select(column => $"{column.Key}={column.Value}"), $"prefix '{options.Prefix}'"]);

    private void Put(Dictionary<string, string?> settings, string source, DateTimeOffset readAt, bool isOther)
    {
        _settings = settings;
        _description = string.Create(CultureInfo.InvariantCulture, $"The {settings.Count} settings that were read from {source} at {readAt:u} stay in force.");
        if (isOther)
            set(new(settings, settings.Comparer)); // The application's own code may add to them.
    }

    private LastKnownSettings? ReadLastKnown(ref string problem)
    {
        if (_file is null)
            return null;

        try
        {
            return _file.Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{problem} The file {_file.Path} cannot be used either: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}.";
            return null;
        }
    }

    /// <summary>Writes the file. If that fails, the next reading writes it.</summary>
    private void Keep(Dictionary<string, string?> settings, DateTimeOffset readAt)
    {
        if (_file is null)
            return;

        try
        {
            _file.Write(settings, readAt);
            if (!_isKept)
                _file.DeleteLeftovers();
            _isKept = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _isKept = false;
            logger.LastKnownNotWritten(_file.Path, _table, e.Message.ReplaceLineEndings(" ").TrimEnd('.'));
        }
    }

    private void Report(IReadOnlyList<string> repeated)
    {
        var keys = string.Join(", ", repeated.Distinct(StringComparer.OrdinalIgnoreCase)).ReplaceLineEndings(" ");
        if (keys.Length > 0 && keys != _repeated)
            logger.KeysRepeated(_table, keys);
        _repeated = keys;
    }
}
