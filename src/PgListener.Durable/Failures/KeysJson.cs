using System.Text.Json.Serialization;

namespace PgListener.Durable.Failures;

/// <summary>Writes keys as a JSON array.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class KeysJson : JsonSerializerContext;
