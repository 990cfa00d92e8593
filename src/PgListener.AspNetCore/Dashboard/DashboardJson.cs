using System.Text.Json.Serialization;

namespace PgListener.Dashboard;

/// <summary>The document's form. It is documented: names and meanings stay, fields may be added.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(IReadOnlyList<TimelineEvent>))]
internal sealed partial class DashboardJson : JsonSerializerContext;
