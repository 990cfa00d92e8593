using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgListener.Durable.Retention;

/// <summary>Reads and writes what maintenance exchanges with the server as text: a data source without arrays must do.</summary>
[JsonSerializable(typeof(IReadOnlyList<Loss>))]
[JsonSerializable(typeof(PartitionState))]
[JsonSerializable(typeof(IReadOnlyList<LogPartition>))]
[JsonSerializable(typeof(IReadOnlyList<Leftover>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(RowBatch))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RetentionJson : JsonSerializerContext;
