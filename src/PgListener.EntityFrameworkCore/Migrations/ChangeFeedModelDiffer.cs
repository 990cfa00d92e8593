using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using PgListener.EntityFrameworkCore.ChangeFeeds;

namespace PgListener.EntityFrameworkCore.Migrations;

/// <summary>Adds the operations of feeds to those that the provider finds: feeds are dropped before anything else, because their tables may be dropped or renamed; and created after everything else.</summary>
internal sealed class ChangeFeedModelDiffer(IMigrationsModelDiffer inner) : IMigrationsModelDiffer
{
    public bool HasDifferences(IRelationalModel? source, IRelationalModel? target)
        => inner.HasDifferences(source, target) || WithFeeds([], source, target).Count > 0;

    public IReadOnlyList<MigrationOperation> GetDifferences(IRelationalModel? source, IRelationalModel? target)
        => WithFeeds(inner.GetDifferences(source, target), source, target);

    private static IReadOnlyList<MigrationOperation> WithFeeds(IReadOnlyList<MigrationOperation> others, IRelationalModel? source, IRelationalModel? target)
    {
        var former = ModelFeeds.Of(source?.Model).Where(feed => !IsExcluded(feed.EntityType)).ToList();
        var wanted = ModelFeeds.Of(target?.Model);

        // A table that is left to other migrations keeps its feed.
        var dropped = former.Where(feed => !wanted.Any(other => IsSame(feed.Feed, other.Feed)));
        var created = wanted.Where(feed => !IsExcluded(feed.EntityType) && !former.Exists(other => feed.Feed.Equals(other.Feed) && feed.Script == other.Script));
        return [.. dropped.Select(feed => FeedOperations.Drop(feed.Feed)), .. others, .. created.Select(feed => FeedOperations.Create(feed.Feed))];
    }

    /// <summary>Whether the table belongs to the migrations of another context.</summary>
    private static bool IsExcluded(IReadOnlyEntityType entityType)
        => StoreObjectIdentifier.Create(entityType, StoreObjectType.Table) is { } table && entityType.IsTableExcludedFromMigrations(table);

    /// <summary>Whether two feeds have the same function and triggers, so that creating one replaces the other.</summary>
    private static bool IsSame(ChangeFeed feed, ChangeFeed other)
        => feed.Schema == other.Schema && feed.Table == other.Table && feed.Definition.Function == other.Definition.Function;
}
