using System.Text.Json.Serialization;

namespace PgListener.Configuration;

[JsonSourceGenerationOptions(WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LastKnownSettings))]
internal sealed partial class LastKnownJson : JsonSerializerContext;
