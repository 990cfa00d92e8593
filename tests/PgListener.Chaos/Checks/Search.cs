namespace PgListener.Chaos.Checks;

/// <summary>Finds a place in a long log.</summary>
internal static class Search
{
    /// <summary>The first position for which it is true, as it is for all after it; the number of items, if it is for none.</summary>
    public static int First<T>(List<T> items, Predicate<T> isTrue)
    {
        var (low, high) = (0, items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isTrue(items[middle]))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
