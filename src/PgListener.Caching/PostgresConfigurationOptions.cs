using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener;

/// <summary>The options of a table of settings in an application's configuration.</summary>
public sealed class PostgresConfigurationOptions
{
    /// <summary>The table, or a view: its schema and name as in SQL, in quotes where necessary.</summary>
    /// <value>The default is <c>public.app_settings</c>.</value>
    public string Table { get; set; } = "public.app_settings";

    /// <summary>The column with the keys, exactly as named, without quotes. Its type is <c>text</c>, or one that can be cast to it.</summary>
    /// <value>The default is <c>key</c>.</value>
    public string KeyColumn { get; set; } = "key";

    /// <summary>The column with the values, exactly as named, without quotes. Its type is <c>text</c>, or one that can be cast to it.</summary>
    /// <value>The default is <c>value</c>.</value>
    public string ValueColumn { get; set; } = "value";

    /// <summary>Only keys that begin with this text are read, in upper or lower case. It is removed from them, as <c>AddEnvironmentVariables</c> does with its prefix.</summary>
    /// <value>The default is empty: all keys.</value>
    public string Prefix { get; set; } = "";

    /// <summary>Filters rows by the values of other columns, for a table with the settings of several applications.</summary>
    /// <value>The default is empty: all rows. Names are exactly as the columns are named, without quotes; values are compared with the column as <c>text</c>.</value>
    public IDictionary<string, string> Where { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The channel that notifies of changes. What its payloads contain does not matter.</summary>
    /// <value>The default is <see langword="null"/>: that of <see cref="Feed"/>. The listener's <see cref="ListenerOptions.ChannelPrefix"/> applies to it.</value>
    public string? Channel { get; set; }

    /// <summary>Whether the application starts without the table's settings when the table cannot be read and there is no <see cref="LastKnownFile"/>. They follow as soon as it can be read.</summary>
    /// <value>The default is <see langword="false"/>: the start fails.</value>
    public bool Optional { get; set; }

    /// <summary>A file that keeps the settings that were read last. If the table cannot be read when the application starts, it starts with them.</summary>
    /// <remarks>
    /// <para>
    /// The file contains everything in the table, including secrets. On Unix only its owner may read and write it (mode 600); on Windows it has the rights of its folder. It
    /// is replaced as a whole whenever the settings change, so the process needs the right to create files in its folder, which has to exist. Give each source a file of its own.
    /// </para>
    /// <para>A file that was written for another table, prefix or <see cref="Where"/> is not used.</para>
    /// </remarks>
    /// <value>The default is <see langword="null"/>: none. A relative path is relative to the current directory of the process.</value>
    public string? LastKnownFile { get; set; }

    /// <summary>How long the attempt at startup to connect, listen and read may take. The time also limits a <c>Reload()</c> of the configuration.</summary>
    /// <remarks>There is one attempt: it also fails at once when the server refuses the connection, because it is still starting for example.</remarks>
    /// <value>The default is 10 seconds. From 100 milliseconds to 1 hour.</value>
    public TimeSpan StartupTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait after a notification before the table is read, so that changes that follow each other closely are read together.</summary>
    /// <remarks>
    /// Each instance draws a time between this and twice this, so that not all of them connect at the same moment. After a reading, the next one waits at least as long as the reading
    /// took, and at least 250 milliseconds.
    /// </remarks>
    /// <value>The default is 20 milliseconds. From 0 to 1 minute.</value>
    public TimeSpan ReloadDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Where to log. The application's own logging does not exist yet when its configuration is read: create a factory for this, such as <c>LoggerFactory.Create(logging => logging.AddConsole())</c>.</summary>
    /// <remarks>Keys are logged when their values change. Values are never logged.</remarks>
    /// <value>The default is <see langword="null"/>: nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Configures what a connection string cannot express, such as a password provider or certificates. Called once for each of four data sources.</summary>
    /// <value>The default is <see langword="null"/>.</value>
    public Action<NpgsqlDataSourceBuilder>? ConfigureDataSource { get; set; }

    /// <summary>The settings of the listener, whose time limits also apply to reading the table. Its <see cref="ListenerOptions.LoggerFactory"/> is <see cref="LoggerFactory"/> unless it is set.</summary>
    /// <value>The defaults are those of any listener, with the <see cref="ListenerOptions.Name"/> <c>configuration</c>.</value>
    public ListenerOptions Listener { get; private set; } = new() { Name = "configuration" };

    /// <summary>The change feed of the table. Its <see cref="ChangeFeed.Script"/> creates the triggers that notify of changes. A notification has the keys of the changed settings, and no values.</summary>
    /// <exception cref="ArgumentException">The name of the table or of a column is not valid.</exception>
    public ChangeFeed Feed => ChangeFeed.For(Table).Key(KeyColumn).Columns([ValueColumn, .. Where.Keys]).ChannelPrefix(Listener.ChannelPrefix);

    internal string EffectiveChannel => Channel ?? Feed.ChannelName;

    internal PostgresConfigurationOptions Snapshot()
    {
        var copy = (PostgresConfigurationOptions)MemberwiseClone();
        copy.Where = new Dictionary<string, string>(Where, StringComparer.Ordinal);
        copy.Listener = Listener.Snapshot();
        copy.Listener.LoggerFactory ??= LoggerFactory;
        return copy;
    }

    internal void ThrowIfInvalid(string parameter)
    {
        string?[] problems =
        [
            .. Setting.Problems(
                IsNamed(nameof(Table), Table),
                IsNamed(nameof(KeyColumn), KeyColumn),
                IsNamed(nameof(ValueColumn), ValueColumn),
                Prefix is null ? Setting.Problem(nameof(Prefix), "must be a text, and is null") : null,
                Channel is null ? null : IsNamed(nameof(Channel), Channel),
                LastKnownFile is null ? null : IsNamed(nameof(LastKnownFile), LastKnownFile),
                Setting.InRange(nameof(StartupTimeout), StartupTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
                Setting.InRange(nameof(ReloadDelay), ReloadDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1))).Select(problem => problem.ErrorMessage),
            .. Listener.Validate(new ValidationContext(Listener, nameof(Listener), serviceProvider: null, items: null)).Select(problem => $"{nameof(Listener)}.{problem.ErrorMessage}"),
        ];
        if (problems.Length > 0)
            throw new ArgumentException(string.Join(" ", problems), parameter);

        _ = ChannelName.WithPrefix(Listener.ChannelPrefix, EffectiveChannel);
    }

    private static ValidationResult? IsNamed(string member, string? value)
        => string.IsNullOrWhiteSpace(value) ? Setting.Problem(member, "must not be empty") : null;
}
