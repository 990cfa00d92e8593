using Microsoft.EntityFrameworkCore.Metadata;

namespace PgListener.EntityFrameworkCore.ChangeFeeds;

/// <summary>A feed of a model.</summary>
/// <param name="EntityType">The entity type.</param>
/// <param name="Feed">The feed, with the names of the database.</param>
/// <param name="Script">The version of its script.</param>
internal sealed record ModelFeed(IReadOnlyEntityType EntityType, ChangeFeed Feed, int Script);
