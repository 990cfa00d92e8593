namespace PgListener.Registration;

/// <summary>Finds the intended name for a misspelt one.</summary>
internal static class Nearest
{
    /// <summary><c> Did you mean KeepAlive?</c>, or an empty text if no name is similar.</summary>
    public static string Hint(string text, IEnumerable<string> names) => Of(text, names) is { } name ? $" Did you mean {name}?" : "";

    /// <summary>The name that differs from a text in the fewest letters, if those are few.</summary>
    public static string? Of(string text, IEnumerable<string> names)
    {
        var (nearest, least) = ((string?)null, Math.Max(2, text.Length / 4) + 1);
        foreach (var name in names)
        {
            if (Distance(text.ToUpperInvariant(), name.ToUpperInvariant()) is var distance && distance < least && distance < name.Length)
                (nearest, least) = (name, distance);
        }

        return nearest;
    }

    /// <summary>How many letters have to be inserted, removed, replaced or swapped with the next one.</summary>
    private static int Distance(string from, string to)
    {
        var distances = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distances[i, j] = i + j;
                    continue;
                }

                var replaced = distances[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                distances[i, j] = Math.Min(replaced, Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    distances[i, j] = Math.Min(distances[i, j], distances[i - 2, j - 2] + 1);
            }
        }

        return distances[from.Length, to.Length];
    }
}
