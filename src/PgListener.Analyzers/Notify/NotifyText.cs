using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers.Notify;

/// <summary>The text of a command that sends a notification and contains values.</summary>
internal sealed class NotifyText
{
    /// <summary>The placeholder for a value.</summary>
    public const char Hole = '\uFFFC';

    private static readonly Regex Sends = Pattern(@"(^|;)\s*NOTIFY\s|\bpg_notify\s*\(");

    private static readonly Regex Notify = Pattern(@"^\s*NOTIFY\s+(?<bare>[a-z_][a-z0-9_$]*|\uFFFC)(\s*,\s*'(?<payload>([^']|'')*)')?\s*;?\s*$");

    private static readonly Regex NotifyQuoted = Pattern(@"^\s*NOTIFY\s+""(?<channel>([^""]|"""")+)""(\s*,\s*'(?<payload>([^']|'')*)')?\s*;?\s*$");

    private static readonly Regex Select = Pattern(@"^\s*SELECT\s+pg_notify\s*\(\s*'(?<channel>([^']|'')+)'\s*,\s*'(?<payload>([^']|'')*)'\s*\)\s*;?\s*$");

    private readonly ImmutableArray<TextPart> _parts;
    private readonly string _template;

    private NotifyText(ImmutableArray<TextPart> parts, string template)
    {
        _parts = parts;
        _template = template;
    }

    /// <summary>Gets the text of a string expression, if it sends a notification and contains a value that is not harmless.</summary>
    public static NotifyText? From(IOperation operation)
    {
        var parts = TextPart.Of(operation);
        var template = string.Concat(parts.Select(part => part.Text ?? Hole.ToString()));
        var match = Sends.Match(template);
        if (!match.Success || template.IndexOf(Hole, match.Index) < 0)
            return null;

        return parts.Any(part => part.Value is { } value && !IsHarmless(value.Type)) ? new(parts, template) : null;
    }

    /// <summary>Gets the channel and the payload from a text that is one simple command.</summary>
    /// <returns><see langword="false"/> if the text is not a single simple command.</returns>
    public bool TrySplit(out ImmutableArray<TextPart> channel, out ImmutableArray<TextPart> payload)
    {
        channel = payload = [];
        var match = new[] { Notify, NotifyQuoted, Select }.Select(pattern => pattern.Match(_template)).FirstOrDefault(match => match.Success);
        if (match is null)
            return false;

        var bare = match.Groups["bare"];
        channel = bare.Success ? Pieces(bare, text => text.ToLowerInvariant()) : Pieces(match.Groups["channel"], text => text.Replace("\"\"", "\"").Replace("''", "'"));
        payload = Pieces(match.Groups["payload"], text => text.Replace("''", "'"));
        return true;
    }

    /// <summary>The parts within a group of the template.</summary>
    private ImmutableArray<TextPart> Pieces(Group group, Func<string, string> unquote)
    {
        var pieces = ImmutableArray.CreateBuilder<TextPart>();
        var start = 0;
        foreach (var part in _parts)
        {
            var end = start + (part.Text?.Length ?? 1);
            var from = Math.Max(start, group.Index);
            var to = Math.Min(end, group.Index + group.Length);
            if (from < to)
                pieces.Add(part.Text is null ? part : part with { Text = unquote(_template.Substring(from, to - from)) });
            start = end;
        }

        return pieces.ToImmutable();
    }

    /// <summary>Whether values of a type cannot contain an apostrophe, as numbers cannot.</summary>
    private static bool IsHarmless(ITypeSymbol? type)
        => type?.SpecialType is SpecialType.System_Boolean or >= SpecialType.System_SByte and <= SpecialType.System_UInt64 || type is { Name: "Guid", ContainingNamespace.Name: "System" };

    private static Regex Pattern(string pattern)
        => new(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}
