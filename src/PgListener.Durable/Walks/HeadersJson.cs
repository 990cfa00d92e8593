using System.Text.Json.Serialization;

namespace PgListener.Durable.Walks;

/// <summary>Reads headers.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HeadersJson : JsonSerializerContext;
