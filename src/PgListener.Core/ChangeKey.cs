using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgListener;

/// <summary>The key of a row: the values of one or more columns, in the order of <see cref="ChangeFeed.Key"/>. Two keys with the same values are equal.</summary>
/// <remarks>It keeps the values as text, as PostgreSQL writes them in JSON: a <c>bigint</c> with all of its digits, a <c>uuid</c> with hyphens and in lower case, a <c>timestamptz</c> in ISO 8601 in UTC.</remarks>
public readonly struct ChangeKey : IEquatable<ChangeKey>
{
    private readonly string?[]? _values;

    internal ChangeKey(string?[] values) => _values = values;

    /// <summary>How many columns the key has.</summary>
    public int Count => _values?.Length ?? 0;

    /// <summary>Gets the value of a column as text.</summary>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <value>The text; <see langword="null"/> if the column is null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The key has no such column.</exception>
    public string? this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _values![index];
        }
    }

    /// <summary>Creates a key, to compare with the keys of a feed or for a test.</summary>
    /// <param name="values">
    /// The values, in the order of the key's columns: texts, numbers, <see cref="Guid"/>, <see cref="bool"/>, dates and times, and arrays of bytes for <c>bytea</c>. Pass a value of another type as the text that PostgreSQL
    /// writes in JSON: the label of an enum, or <c>1 day 12:00:00</c> for an <c>interval</c>.
    /// </param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">A value is of a type whose text in PostgreSQL is not known.</exception>
    public static ChangeKey Of(params IReadOnlyList<object?> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new([.. values.Select(TextOf)]);
    }

    /// <summary>Gets the value of a column of type <c>smallint</c> or <c>integer</c>.</summary>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <returns>The value.</returns>
    /// <inheritdoc cref="Get{T}" path="/exception"/>
    public int GetInt32(int index = 0) => Get<int>(index);

    /// <summary>Gets the value of a column of type <c>bigint</c>, <c>integer</c> or <c>smallint</c>.</summary>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <returns>The value.</returns>
    /// <inheritdoc cref="Get{T}" path="/exception"/>
    public long GetInt64(int index = 0) => Get<long>(index);

    /// <summary>Gets the value of a column of type <c>uuid</c>.</summary>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <returns>The value.</returns>
    /// <inheritdoc cref="Get{T}" path="/exception"/>
    public Guid GetGuid(int index = 0) => Get<Guid>(index);

    /// <summary>Gets the value of a column as text, whatever its type is.</summary>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The key has no such column.</exception>
    /// <exception cref="InvalidOperationException">The column is null.</exception>
    public string GetString(int index = 0) => this[index] ?? throw new InvalidOperationException($"Column {index.ToString(CultureInfo.InvariantCulture)} of the key is null.");

    /// <summary>Gets the value of a column.</summary>
    /// <typeparam name="T">The type to read it into, such as <see cref="int"/>, <see cref="Guid"/>, <see cref="decimal"/>, <see cref="DateOnly"/> or <see cref="DateTimeOffset"/>.</typeparam>
    /// <param name="index">The column's position in the key, from 0.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The key has no such column.</exception>
    /// <exception cref="InvalidOperationException">The column is null.</exception>
    /// <exception cref="FormatException">The value is not one of the type.</exception>
    /// <exception cref="OverflowException">The value is too large for the type.</exception>
    public T Get<T>(int index = 0)
        where T : IParsable<T>
        => T.Parse(GetString(index), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public bool Equals(ChangeKey other) => (_values ?? []).AsSpan().SequenceEqual(other._values ?? []);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ChangeKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in _values ?? [])
            hash.Add(value, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    /// <summary>Gets the key as text: the value of its column, or the values with commas between them, where a backslash precedes a comma or a backslash within a value.</summary>
    /// <returns>The text, which is different for different keys of a table.</returns>
    public override string ToString() => _values switch
    {
        null => "",
        [var only] => only ?? "",
        _ => string.Join(',', _values.Select(value => value?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal) ?? "\\N")),
    };

    /// <summary>Compares two keys.</summary>
    /// <param name="left">A key.</param>
    /// <param name="right">Another key.</param>
    /// <returns>Whether they have the same values.</returns>
    public static bool operator ==(ChangeKey left, ChangeKey right) => left.Equals(right);

    /// <summary>Compares two keys.</summary>
    /// <param name="left">A key.</param>
    /// <param name="right">Another key.</param>
    /// <returns>Whether they have different values.</returns>
    public static bool operator !=(ChangeKey left, ChangeKey right) => !left.Equals(right);

    /// <summary>The values as an array, which must not be changed.</summary>
    internal string?[] ToArray() => _values ?? [];

    /// <summary>As PostgreSQL writes it in JSON.</summary>
    private static string? TextOf(object? value) => value switch
    {
        null => null,
        string text => text,
        bool yes => yes ? "true" : "false",
        DateTime { Kind: DateTimeKind.Unspecified } time => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        DateTime time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'+00:00'", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'+00:00'", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("O", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        byte[] bytes => $"\\x{Convert.ToHexStringLower(bytes)}",
        IFormattable other and not (Enum or TimeSpan) => other.ToString(format: null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"A key has a value of the type {value.GetType()}, whose text in PostgreSQL is not known. Pass the text as PostgreSQL writes it in JSON, or the number that the column has.", nameof(value)),
    };
}
