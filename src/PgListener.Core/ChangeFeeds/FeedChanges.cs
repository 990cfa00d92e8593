using System.Text.Json;

namespace PgListener.ChangeFeeds;

/// <summary>The content of a feed's payload.</summary>
internal readonly record struct FeedChanges(ChangeOperation Operation, IReadOnlyList<ChangeKey> Keys, IReadOnlyList<string> Columns, IReadOnlyList<JsonElement> Values);
