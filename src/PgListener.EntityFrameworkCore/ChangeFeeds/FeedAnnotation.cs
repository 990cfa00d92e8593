using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgListener.EntityFrameworkCore.ChangeFeeds;

/// <summary>What a model says about a feed, with the names of properties. It is kept as text, which snapshots and compiled models can hold.</summary>
internal sealed partial record FeedAnnotation
{
    /// <summary>The name of the annotation.</summary>
    public const string Name = "PgListener:ChangeFeed";

    /// <summary>The version of the script of feeds. Raise it with each change of the script, so that the next migration creates all feeds again.</summary>
    private const int CurrentScript = 1;

    public int Script { get; init; } = CurrentScript;

    public IReadOnlyList<string>? Columns { get; init; }

    public IReadOnlyList<string>? Included { get; init; }

    public bool IsDurable { get; init; }

    public string? Channel { get; init; }

    public string? Prefix { get; init; }

    public string? GivenName { get; init; }

    public int? MaxKeys { get; init; }

    /// <summary>Writes it as text.</summary>
    public string Write() => JsonSerializer.Serialize(this, Json.Default.FeedAnnotation);

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    public static FeedAnnotation Read(string text) => JsonSerializer.Deserialize(text, Json.Default.FeedAnnotation)!;

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonSerializable(typeof(FeedAnnotation))]
    private sealed partial class Json : JsonSerializerContext;
}
