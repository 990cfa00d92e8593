using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using PgListener.ChangeFeeds;

namespace PgListener;

/// <summary>The changes that a statement, or a part of it, made in a table that has a <see cref="ChangeFeed"/>.</summary>
/// <typeparam name="T">The class that stands for the table in this application. The library does not map rows to it.</typeparam>
/// <remarks>
/// <para>Handle it with an <c>INotificationHandler&lt;Changes&lt;T&gt;&gt;</c>, or read it as a stream. Its channel is that of the feed that the listener has for <typeparamref name="T"/>: <c>AddChangeFeed&lt;T&gt;(…)</c>.</para>
/// <para>
/// A statement with many rows comes as several values, and a statement with more rows than the feed lists, or a <c>TRUNCATE</c>, as a <see cref="Resync"/> with the reason
/// <see cref="ResyncReason.Everything"/>: implement <see cref="IResyncHandler{TChannel}"/> too.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1000", Justification = "A channel is described by static members.")]
public sealed class Changes<T> : INotificationChannel<Changes<T>>
{
    /// <summary>Creates a value, for a test of a handler.</summary>
    /// <param name="operation">What was done.</param>
    /// <param name="keys">The keys of the rows; at least one.</param>
    /// <param name="columns">For an update, the watched columns that changed.</param>
    /// <param name="values">What the feed sends for each key; none, or as many as there are keys.</param>
    /// <exception cref="ArgumentException">There is no key, or there are not as many values as keys.</exception>
    public Changes(ChangeOperation operation, IReadOnlyList<ChangeKey> keys, IReadOnlyList<string>? columns = null, IReadOnlyList<JsonElement>? values = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0)
            throw new ArgumentException("There must be at least one key.", nameof(keys));
        if (values is { Count: > 0 } && values.Count != keys.Count)
            throw new ArgumentException("There must be as many values as keys.", nameof(values));
        Operation = operation;
        Keys = keys;
        Columns = columns ?? [];
        Values = values ?? [];
    }

    /// <summary>What was done.</summary>
    public ChangeOperation Operation { get; }

    /// <summary>The keys of the rows; never empty. An update that has changed a key has both the old and the new one.</summary>
    public IReadOnlyList<ChangeKey> Keys { get; }

    /// <summary>For an update, the names of the watched columns, and of columns of the key and of <see cref="ChangeFeed.Where"/>, that have changed in any of the rows; otherwise empty.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>
    /// The values of the columns that <see cref="ChangeFeed.Include"/> names, as a JSON object for each of <see cref="Keys"/>, in the same order. Empty if the feed includes none.
    /// For a deleted row, they are its last values; for a key that no longer exists after an update, the element is <see cref="JsonValueKind.Null"/>.
    /// </summary>
    public IReadOnlyList<JsonElement> Values { get; }

    /// <summary>A name that no feed has. The listener uses the channel of the feed that is registered for <typeparamref name="T"/>.</summary>
    public static string ChannelName { get; } = FeedNames.ChannelOf(typeof(T));

    /// <inheritdoc/>
    static bool INotificationChannel<Changes<T>>.IgnoresTrailingWhitespace => true;

    /// <inheritdoc/>
    static Type? INotificationChannel<Changes<T>>.ChangedType => typeof(T);

    /// <inheritdoc/>
    static Func<string, bool>? INotificationChannel<Changes<T>>.MeansEverything { get; } = FeedPayload.MeansEverything;

    /// <summary>Reads what the trigger of a feed has sent.</summary>
    /// <param name="payload">The payload, as docs/change-feeds.md describes it.</param>
    /// <returns>The changes.</returns>
    /// <exception cref="FormatException">The payload is not one of a feed, or it says that anything may have changed, which is a <see cref="Resync"/>.</exception>
    /// <exception cref="JsonException">The payload is not JSON.</exception>
    public static Changes<T> Parse(string payload)
    {
        var (operation, keys, columns, values) = FeedPayload.Read(payload);
        return new(operation, keys, columns, values);
    }

    /// <summary>Writes the changes as the trigger of a feed does, for a test that publishes them.</summary>
    /// <param name="value">The changes.</param>
    /// <returns>The payload.</returns>
    public static string Format(Changes<T> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return FeedPayload.Write(new(value.Operation, value.Keys, value.Columns, value.Values));
    }

    /// <summary>Describes the changes.</summary>
    /// <returns>The operation, and how many keys there are.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Operation} of {Keys.Count} row(s) of {typeof(T).Name}");
}
