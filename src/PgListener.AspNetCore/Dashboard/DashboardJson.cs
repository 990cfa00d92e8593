using System.Text.Json.Serialization;

namespace PgListener.Dashboard;

/// <summary>The JSON format of the document. It is documented: names and meanings do not change, and fields may be added.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(IReadOnlyList<TimelineEvent>))]
internal sealed partial class DashboardJson : JsonSerializerContext;
