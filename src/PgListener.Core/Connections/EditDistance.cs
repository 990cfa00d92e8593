namespace PgListener.Connections;

/// <summary>Finds the intended word for a misspelt one.</summary>
internal static class EditDistance
{
    /// <summary>The nearest word, without regard to case.</summary>
    /// <param name="text">The misspelt word.</param>
    /// <param name="words">The candidates; at least one.</param>
    /// <returns>The word, and how many characters differ.</returns>
    public static (string Word, int Distance) Nearest(string text, IEnumerable<string> words)
        => words.Select(word => (word, Between(text.ToUpperInvariant(), word.ToUpperInvariant()))).MinBy(static candidate => candidate.Item2);

    /// <summary>How many characters must be inserted, left out, replaced, or exchanged with the next one.</summary>
    private static int Between(string a, string b)
    {
        var distances = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distances[i, j] = i + j;
                    continue;
                }

                var best = Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1;
                best = Math.Min(best, distances[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    best = Math.Min(best, distances[i - 2, j - 2] + 1);
                distances[i, j] = best;
            }
        }

        return distances[a.Length, b.Length];
    }
}
