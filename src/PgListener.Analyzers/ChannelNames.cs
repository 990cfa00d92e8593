using System.Globalization;
using System.Text;

namespace PgListener.Analyzers;

/// <summary>The rules for channel names: which names the library refuses, and which need quotes in SQL.</summary>
internal static class ChannelNames
{
    public const int MaxBytes = 63;

    /// <summary>The problem with a name that the library refuses, as the end of a sentence; <see langword="null"/> if there is none.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.IndexOf('\0') >= 0)
            return "contains the character NUL, which PostgreSQL cannot store in text";
        if (Enumerable.Range(0, name.Length).Any(index => IsLoneSurrogate(name, index)))
            return "has half of a surrogate pair, which is not valid Unicode";
        var bytes = Encoding.UTF8.GetByteCount(name);
        return bytes > MaxBytes
            ? string.Format(CultureInfo.InvariantCulture, "has {0:N0} bytes in UTF-8, but PostgreSQL allows at most {1}", bytes, MaxBytes)
            : null;
    }

    /// <summary>The effect of the name in SQL without quotes; <see langword="null"/> if it is the same with and without quotes.</summary>
    public static string? WithoutQuotes(string name)
    {
        if (IsDigit(name[0]) || name[0] == '$' || !name.All(IsIdentifierPart))
            return "it is a syntax error";
        return name.Any(IsUpper) ? $"it is '{Lower(name)}'" : null;
    }

    /// <summary>The valid name that is most similar to an invalid one; <see langword="null"/> if nothing remains of it.</summary>
    public static string? Valid(string name)
    {
        var text = new StringBuilder();
        var bytes = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '\0' || IsLoneSurrogate(name, i))
                continue;

            var length = char.IsHighSurrogate(name[i]) ? 2 : 1;
            bytes += Encoding.UTF8.GetByteCount(name.ToCharArray(i, length));
            if (bytes > MaxBytes)
                break; // PostgreSQL shortens it at the same place.
            text.Append(name, i, length);
            i += length - 1;
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>The name in snake case, which is the same with and without quotes.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var beginsWord = IsUpper(name[i]) && i > 0 && (!IsUpper(name[i - 1]) || i + 1 < name.Length && name[i + 1] is >= 'a' and <= 'z');
            var separates = name[i] == '_' || !IsIdentifierPart(name[i]);
            if ((beginsWord || separates) && (text.Length == 0 || text[text.Length - 1] != '_'))
                text.Append('_');
            if (!separates)
                text.Append(Lower(name[i]));
        }

        return text.Length > 0 && (IsDigit(text[0]) || text[0] == '$') ? text.Insert(0, '_').ToString() : text.ToString();
    }

    private static bool IsLoneSurrogate(string name, int index)
        => char.IsSurrogate(name[index])
            && !(char.IsHighSurrogate(name[index]) && index + 1 < name.Length && char.IsLowSurrogate(name[index + 1]))
            && !(char.IsLowSurrogate(name[index]) && index > 0 && char.IsHighSurrogate(name[index - 1]));

    private static bool IsIdentifierPart(char character)
        => character is >= 'a' and <= 'z' or '_' or '$' or >= '\u0080' || IsUpper(character) || IsDigit(character);

    private static bool IsUpper(char character) => character is >= 'A' and <= 'Z';

    private static bool IsDigit(char character) => character is >= '0' and <= '9';

    private static char Lower(char character) => IsUpper(character) ? (char)(character + ('a' - 'A')) : character;

    private static string Lower(string name) => string.Concat(name.Select(Lower));
}
