using System.Text.Json;
using System.Text.Json.Serialization;
using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>Writes and reads <see cref="RestoredPosition"/> as the column <c>restored</c> has it.</summary>
[JsonSerializable(typeof(RestoredPosition))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RestoredJson : JsonSerializerContext
{
    public static string? Format(RestoredPosition? position) => position is null ? null : JsonSerializer.Serialize(position, Default.RestoredPosition);

    public static RestoredPosition? Parse(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Default.RestoredPosition);
}
