using System.Globalization;

namespace PgListener.Durable.Log;

/// <summary>Writes and reads arrays of numbers as PostgreSQL writes them, because a data source may be without arrays.</summary>
internal static class BigintArray
{
    public static string Format(IReadOnlyCollection<long> values)
        => values.Count == 0 ? "{}" : "{" + string.Join(',', values.Select(static value => value.ToString(CultureInfo.InvariantCulture))) + "}";

    public static IReadOnlyList<long> Parse(string text)
        => text.Length <= 2 ? [] : [.. text[1..^1].Split(',').Select(static value => long.Parse(value, CultureInfo.InvariantCulture))];
}
