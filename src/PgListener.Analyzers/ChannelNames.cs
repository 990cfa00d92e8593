using System.Globalization;
using System.Text;

namespace PgListener.Analyzers;

/// <summary>The rules for channel names: what the library refuses, as its own check does, and what SQL has to quote.</summary>
internal static class ChannelNames
{
    public const int MaxBytes = 63;

    /// <summary>What is wrong with a name that no listener takes, as the end of a sentence; <see langword="null"/> if nothing is.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.IndexOf('\0') >= 0)
            return "contains the character NUL, which PostgreSQL has no room for";
        if (Enumerable.Range(0, name.Length).Any(index => IsLoneSurrogate(name, index)))
            return "has half of a surrogate pair, and so is not valid Unicode";
        var bytes = Encoding.UTF8.GetByteCount(name);
        return bytes > MaxBytes
            ? string.Format(CultureInfo.InvariantCulture, "has {0:N0} bytes in UTF-8, and PostgreSQL takes {1} at most", bytes, MaxBytes)
            : null;
    }

    /// <summary>What SQL does with the name when it is not quoted; <see langword="null"/> if it means the same with and without quotes.</summary>
    public static string? WithoutQuotes(string name)
    {
        if (IsDigit(name[0]) || name[0] == '$' || !name.All(IsIdentifierPart))
            return "it is a syntax error";
        return name.Any(IsUpper) ? $"it is '{Lower(name)}'" : null;
    }

    /// <summary>The name that comes nearest to an invalid one; <see langword="null"/> if nothing is left of it.</summary>
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
                break; // Where PostgreSQL cuts it too.
            text.Append(name, i, length);
            i += length - 1;
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>The name in snake case, which means the same with and without quotes.</summary>
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
