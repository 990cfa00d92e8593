using System.Text;
using PgListener.ChangeFeeds;

namespace PgListener;

/// <summary>Describes a change feed of a table: its key, the columns to watch, and the values to include. Generates the script that creates its triggers.</summary>
/// <remarks>
/// <para>A feed is immutable: each method returns another one. Feeds with the same definition are equal.</para>
/// <para>Run its <see cref="Script"/> in the database (PostgreSQL 14 or later), and register it with <c>AddPgListener().AddChangeFeed&lt;T&gt;(feed)</c>. With EF Core, migrations do the first, and <c>AddChangeFeeds&lt;TContext&gt;()</c> the second.</para>
/// <para>Names of columns, and of tables in <see cref="For(string?, string)"/>, are as they are in the database, upper and lower case distinct.</para>
/// </remarks>
/// <example>
/// <code>
/// public static readonly ChangeFeed Products = ChangeFeed.For("public.products").Key("id").Columns("price", "name");
/// </code>
/// </example>
public sealed class ChangeFeed : IEquatable<ChangeFeed>
{
    /// <summary>The most arguments of a function, and two of them are needed for each column.</summary>
    private const int MaxIncluded = 50;

    private readonly FeedDefinition _definition;
    private string? _text;

    private ChangeFeed(FeedDefinition definition) => _definition = definition;

    /// <summary>The schema of the table.</summary>
    public string Schema => _definition.Schema;

    /// <summary>The table.</summary>
    public string Table => _definition.Table;

    /// <summary>The columns of the key, in order.</summary>
    public IReadOnlyList<string> KeyColumns => _definition.Key;

    /// <summary>The watched columns; empty for all columns of the table, including columns added later.</summary>
    public IReadOnlyList<string> WatchedColumns => _definition.Columns;

    /// <summary>The columns whose values are sent with each key.</summary>
    public IReadOnlyList<string> IncludedColumns => _definition.Included;

    /// <summary>Whether the changes are messages of a durable channel.</summary>
    public bool IsDurable => _definition.IsDurable;

    /// <summary>The channel's name, without a prefix.</summary>
    public string ChannelName => _definition.Channel;

    /// <summary>The script that creates the feed in the database, or updates it: a function in the schema of the table, and four triggers on the table.</summary>
    /// <remarks>
    /// It is idempotent. Run it in one transaction, as a role with <c>CREATE</c> on the schema and <c>TRIGGER</c> on the table, which the owner of the table has. To run it again, the role must own the function.
    /// It takes a lock that does not block readers of the table, waits for writers, and blocks other writers until it is committed. It fails if a function or trigger with its name is not that of a feed.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The feed has no key, or its channel's name is too long with the prefix.</exception>
    public string Script => new FeedScript(Complete()).Create();

    /// <summary>The script that removes the function and the triggers from the database. The script is idempotent and also works after the table is renamed or dropped.</summary>
    /// <remarks>It takes an exclusive lock of the table, which blocks readers too, until it is committed.</remarks>
    /// <exception cref="InvalidOperationException">The feed has no key, or its channel's name is too long with the prefix.</exception>
    public string RemovalScript => new FeedScript(Complete()).Remove();

    /// <summary>What it describes.</summary>
    internal FeedDefinition Definition => _definition;

    /// <summary>Begins the feed of a table.</summary>
    /// <param name="table">The name as in SQL: <c>products</c>, <c>public.products</c> or <c>"Shop"."Products"</c>. What is not in quotes is folded to lower case; without a schema, it is <c>public</c>.</param>
    /// <returns>The feed of all of the table's columns, without a key yet.</returns>
    /// <exception cref="ArgumentException">The text is not the name of a table.</exception>
    public static ChangeFeed For(string table)
    {
        ArgumentException.ThrowIfNullOrEmpty(table);
        var (schema, name) = TableName.Parse(table, nameof(table));
        return For(schema, name);
    }

    /// <summary>Begins the feed of a table.</summary>
    /// <param name="schema">The schema; <see langword="null"/> for <c>public</c>.</param>
    /// <param name="table">The table.</param>
    /// <returns>The feed of all of the table's columns, without a key yet.</returns>
    /// <exception cref="ArgumentException">A name is empty, too long for PostgreSQL, or contains the character NUL.</exception>
    public static ChangeFeed For(string? schema, string table)
        => new(new(NameOf(schema ?? "public", nameof(schema)), NameOf(table, nameof(table))));

    /// <summary>Names the columns of the key, that identify a row. Required.</summary>
    /// <param name="columns">The columns, in the order in which <see cref="ChangeKey"/> has them.</param>
    /// <returns>The feed with this key.</returns>
    /// <exception cref="ArgumentException">There is none, or a name is not valid.</exception>
    public ChangeFeed Key(params IReadOnlyList<string> columns) => new(_definition with { Key = NamesOf(columns, nameof(columns), least: 1) });

    /// <summary>Names the columns to watch. An update is silent if it changes none of them, nor a column of the key or of <see cref="Where"/>. A second call replaces them.</summary>
    /// <param name="columns">The columns; empty for all columns of the table, including columns added later.</param>
    /// <returns>The feed with these columns.</returns>
    /// <exception cref="ArgumentException">A name is not valid.</exception>
    public ChangeFeed Columns(params IReadOnlyList<string> columns) => new(_definition with { Columns = NamesOf(columns, nameof(columns), least: 0) });

    /// <summary>Names columns whose values are sent with each key. The default is none: a handler that needs more reads the current row. A second call replaces them.</summary>
    /// <param name="columns">The columns; at most 50. A change of one that <see cref="Columns"/> does not name is not reported.</param>
    /// <returns>The feed with these values.</returns>
    /// <remarks>Anyone who can connect to the database can listen on the channel and read these values, regardless of their rights on the table.</remarks>
    /// <exception cref="ArgumentException">There are more than 50, or a name is not valid.</exception>
    public ChangeFeed Include(params IReadOnlyList<string> columns)
    {
        var names = NamesOf(columns, nameof(columns), least: 0);
        if (names.Length > MaxIncluded)
            throw new ArgumentException($"A feed can include at most {MaxIncluded} columns; a notification has no room for more.", nameof(columns));
        return new(_definition with { Included = names });
    }

    /// <summary>Makes the feed durable: the triggers write messages of a durable channel, in the transaction of the change, and each subscription gets them at least once, in order.</summary>
    /// <returns>The durable feed.</returns>
    /// <remarks>It needs the package PgListener.Durable, its schema in the database, and an owner of the function that may publish.</remarks>
    public ChangeFeed Durable() => new(_definition with { IsDurable = true });

    /// <summary>Gives the feed another channel.</summary>
    /// <param name="name">The channel: 1 to 63 bytes in UTF-8. The default is <c>changes:</c>, the schema, a dot and the table, truncated, with a hash at the end, if it is too long.</param>
    /// <returns>The feed with this channel.</returns>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public ChangeFeed Channel(string name)
    {
        PgListener.ChannelName.ThrowIfInvalid(name);
        return new(_definition with { GivenChannel = name });
    }

    /// <summary>Sets the prefix that the listener's <see cref="ListenerOptions.ChannelPrefix"/> puts before its channels, so that the triggers use it too. Without it, they notify on another channel than the listener listens on.</summary>
    /// <param name="prefix">The prefix; empty for none, which is the default.</param>
    /// <returns>The feed with this prefix.</returns>
    /// <exception cref="ArgumentException">The prefix is not valid.</exception>
    public ChangeFeed ChannelPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (PgListener.ChannelName.ProblemOfPrefix(prefix) is { } problem)
            throw new ArgumentException($"The prefix {problem}.", nameof(prefix));
        return new(_definition with { Prefix = prefix });
    }

    /// <summary>Sets the maximum number of keys that are listed for one statement. If there are more, a <see cref="Resync"/> with <see cref="ResyncReason.Everything"/> takes their place.</summary>
    /// <param name="count">1 to 100,000. The default is 1,000.</param>
    /// <returns>The feed with this limit.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    public ChangeFeed MaxKeys(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 100_000);
        return new(_definition with { MaxKeys = count });
    }

    /// <summary>Restricts the feed to rows that have one of the given values in a column, such as those of one type of a hierarchy that shares a table.</summary>
    /// <param name="column">The column. A change of its value is reported too, because the row then enters or leaves the feed.</param>
    /// <param name="values">The values as PostgreSQL writes them as text; at least one.</param>
    /// <returns>The feed of these rows. Its default names contain the values, so that a table can have several feeds.</returns>
    /// <exception cref="ArgumentException">There is no value, or a name is not valid.</exception>
    public ChangeFeed Where(string column, params IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0 || values.Any(value => value is null || value.Contains('\0', StringComparison.Ordinal)))
            throw new ArgumentException("There must be at least one value, and none may be null or contain the character NUL.", nameof(values));
        return new(_definition with { FilterColumn = NameOf(column, nameof(column)), FilterValues = [.. values] });
    }

    /// <summary>Gives the feed another name in the database, so that a table can have several.</summary>
    /// <param name="name">The name of the function, and the beginning of those of the triggers. The default is the table's name followed by <c>_changes</c>.</param>
    /// <returns>The feed with this name.</returns>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public ChangeFeed Named(string name) => new(_definition with { GivenName = NameOf(name, nameof(name)) });

    /// <inheritdoc/>
    public bool Equals(ChangeFeed? other) => other is not null && ToDefinition() == other.ToDefinition();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ChangeFeed other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToDefinition());

    /// <summary>Describes the feed.</summary>
    /// <returns>The table and the channel.</returns>
    public override string ToString() => $"{_definition.DisplayName} on channel '{PgListener.ChannelName.Show(ChannelName)}'";

    /// <summary>Text that is the same for the same feed, for a model's annotation.</summary>
    internal string ToDefinition() => _text ??= FeedText.Write(_definition);

    /// <summary>Reads what <see cref="ToDefinition"/> has written.</summary>
    /// <exception cref="FormatException">The text is not that of a feed.</exception>
    internal static ChangeFeed FromDefinition(string text) => new(FeedText.Read(text));

    private FeedDefinition Complete()
    {
        if (_definition.Key.Count == 0)
            throw new InvalidOperationException($"The change feed of {_definition.DisplayName} has no key. Name its columns: ChangeFeed.For(…).Key(\"id\").");
        if (PgListener.ChannelName.TooLongWith(_definition.Prefix, _definition.Channel) is not null)
            throw new InvalidOperationException($"The channel '{PgListener.ChannelName.Show(_definition.Channel)}' of the change feed of {_definition.DisplayName} is too long with the prefix '{PgListener.ChannelName.Show(_definition.Prefix)}'. Give the feed a shorter one with Channel(…).");
        return _definition;
    }

    private static string[] NamesOf(IReadOnlyList<string> names, string parameter, int least)
    {
        ArgumentNullException.ThrowIfNull(names, parameter);
        string[] all = [.. names.Select(name => NameOf(name, parameter))];
        if (all.Length < least)
            throw new ArgumentException("There must be at least one column.", parameter);
        if (all.Distinct(StringComparer.Ordinal).Count() < all.Length)
            throw new ArgumentException("A column is named twice.", parameter);
        return all;
    }

    private static string NameOf(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A name must not contain the character NUL.", parameter);
        if (Encoding.UTF8.GetByteCount(name) > PgListener.ChannelName.MaxBytes)
            throw new ArgumentException($"The name '{PgListener.ChannelName.Show(name)}' has more than {PgListener.ChannelName.MaxBytes} bytes in UTF-8; PostgreSQL would cut it short.", parameter);
        return name;
    }
}
