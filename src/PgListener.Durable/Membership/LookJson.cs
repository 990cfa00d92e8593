using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgListener.Durable.Membership;

/// <summary>Writes and reads what a look sends and gets, as one text: a data source without arrays must do.</summary>
[JsonSerializable(typeof(LookRequest))]
[JsonSerializable(typeof(LookAnswer))]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(RegisteredRow))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class LookJson : JsonSerializerContext;
