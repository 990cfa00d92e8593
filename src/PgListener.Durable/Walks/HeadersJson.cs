using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgListener.Durable.Walks;

/// <summary>Reads headers.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HeadersJson : JsonSerializerContext
{
    /// <summary>Reads the headers of a message in the log.</summary>
    /// <param name="headers">Them as JSON; <see langword="null"/> if it has none.</param>
    public static IReadOnlyDictionary<string, string> Read(string? headers)
        => (headers is null ? null : JsonSerializer.Deserialize(headers, Default.DictionaryStringString)) ?? (IReadOnlyDictionary<string, string>)ReadOnlyDictionary<string, string>.Empty;
}
