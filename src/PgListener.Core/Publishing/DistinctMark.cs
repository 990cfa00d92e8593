namespace PgListener.Publishing;

/// <summary>Makes payloads that are equal distinct, for readers that ignore white space at the end, as JSON does.</summary>
internal static class DistinctMark
{
    private const string Digits = " \t\n\r";
    private const int MaxLength = 32;

    // One counter for the process, because two publishers may write in the same transaction.
    private static long _last;

    public static string Add(string payload) => Add(payload, Interlocked.Increment(ref _last));

    /// <summary>Appends a positive number, written in white space in as few characters as there are numbers before it.</summary>
    public static string Add(string payload, long number)
    {
        Span<char> mark = stackalloc char[MaxLength];
        var start = MaxLength;
        while (number > 0)
        {
            number--;
            mark[--start] = Digits[(int)(number % Digits.Length)];
            number /= Digits.Length;
        }

        return string.Concat(payload.AsSpan().TrimEnd(Digits), mark[start..]);
    }
}
