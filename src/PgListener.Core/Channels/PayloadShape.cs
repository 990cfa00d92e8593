using System.Buffers;
using System.Text;
using System.Text.Json;

namespace PgListener;

/// <summary>What is known of a channel's payloads before the first one arrives: the names of its properties.</summary>
internal sealed class PayloadShape
{
    private static readonly SearchValues<char> Index = SearchValues.Create("[]0123456789");

    private readonly HashSet<string> _names;
    private readonly HashSet<string>? _own;
    private readonly JsonReaderOptions _options;

    /// <summary>A payload whose first property is known, up to the end of that property's name. Those that follow nearly always begin alike.</summary>
    private string? _beginning;

    private PayloadShape(HashSet<string> names, HashSet<string>? own, JsonReaderOptions options)
    {
        _names = names;
        _own = own;
        _options = options;
    }

    /// <summary>Nothing is known: the channel reads its payloads itself.</summary>
    public static PayloadShape Unknown { get; } = new([], null, default);

    /// <summary>The names of the value's own properties; <see langword="null"/> if it takes properties of any name, or has none.</summary>
    public IReadOnlyCollection<string>? Own => _own;

    /// <summary>Payloads in JSON.</summary>
    /// <param name="names">The names of all properties, those of inner values among them.</param>
    /// <param name="own">As <see cref="Own"/>, compared as the serializer compares them.</param>
    /// <param name="options">How the JSON is read.</param>
    public static PayloadShape OfJson(IEnumerable<string> names, HashSet<string>? own, JsonReaderOptions options)
        => new(new(names, StringComparer.OrdinalIgnoreCase), own, options);

    /// <summary>Where a payload could not be read, without anything from the payload: names that only the payload has are left out.</summary>
    /// <returns>The position, or an empty text if it is not known.</returns>
    public string PositionOf(Exception error)
    {
        if (error is not JsonException { Path: not null } json)
            return "";

        var position = new StringBuilder(WithoutNamesOfThePayload(json.Path));
        if (json.LineNumber is { } line)
            position.Append(", line ").Append(line + 1);
        if (json.BytePositionInLine is { } bytes)
            position.Append(", byte ").Append(bytes);
        return position.ToString();
    }

    /// <summary>Whether the payload begins as another one did, in which <see cref="KnowsNothingIn"/> found a property that the value has.</summary>
    public bool BeginsAsKnown(string payload) => _beginning is { } beginning && payload.StartsWith(beginning, StringComparison.Ordinal);

    /// <summary>Whether the payload is an object with properties, none of which the value has.</summary>
    public bool KnowsNothingIn(string payload)
    {
        if (_own is null)
            return false;

        // The first property is nearly always known, which costs little to find out.
        var text = payload.AsSpan().TrimStart();
        if (text.IsEmpty || text[0] != '{')
            return false;

        text = text[1..].TrimStart();
        if (text.IsEmpty || text[0] != '"')
            return false;

        var end = text[1..].IndexOf('"');
        if (end < 0 || !_own.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text.Slice(1, end)))
            return KnowsNoPropertyOf(payload, _own);

        _beginning ??= payload[..(payload.Length - text.Length + end + 2)];
        return false;
    }

    private bool KnowsNoPropertyOf(string payload, HashSet<string> own)
    {
        try
        {
            var any = false;
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(payload), _options);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                    continue;

                var name = reader.GetString()!;
                if (name.StartsWith('$'))
                    continue; // Metadata: the discriminator, or the trace context.
                if (own.Contains(name))
                    return false;
                any = true;
            }

            return any;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // It was read, by rules that this reader does not know.
        }
    }

    /// <summary>The keys of a dictionary, and other names that the sender chooses, come from the payload.</summary>
    private string WithoutNamesOfThePayload(string path)
    {
        var quoted = path.IndexOf("['", StringComparison.Ordinal);
        if (quoted >= 0)
            path = $"{path.AsSpan(0, quoted)}.*";

        var result = new StringBuilder();
        foreach (var (index, segment) in path.Split('.').Index())
        {
            var bracket = segment.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? segment : segment[..bracket];
            if (index > 0)
                result.Append('.').Append(_names.TryGetValue(name, out var known) ? known : "*");
            else
                result.Append('$');
            if (bracket >= 0 && segment.AsSpan(bracket).IndexOfAnyExcept(Index) < 0)
                result.Append(segment.AsSpan(bracket));
        }

        return result.ToString();
    }
}
