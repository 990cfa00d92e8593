using System.Text.Json.Serialization;
using PgListener.Dashboard.DurableChannels;

namespace PgListener.Dashboard;

/// <summary>The JSON format of the document. It is documented: names and meanings do not change, and fields may be added.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(IReadOnlyList<TimelineEvent>))]
[JsonSerializable(typeof(IReadOnlyList<DurableInfo>))]
[JsonSerializable(typeof(ActorInfo))]
[JsonSerializable(typeof(ActResult))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterInfo>))]
internal sealed partial class DashboardJson : JsonSerializerContext;
