using System.Globalization;
using Microsoft.EntityFrameworkCore.Metadata;

namespace PgListener.EntityFrameworkCore.ChangeFeeds;

/// <summary>Finds the feeds of a model: of one that is being designed or used, of a compiled one, or of the snapshot of a migration.</summary>
internal static class ModelFeeds
{
    /// <summary>All of them, in the order of the entity types' names.</summary>
    /// <exception cref="InvalidOperationException">A feed names what its table does not have.</exception>
    public static IReadOnlyList<ModelFeed> Of(IReadOnlyModel? model)
    {
        ModelFeed[] feeds = [.. (model?.GetEntityTypes() ?? []).Select(FindOf).OfType<ModelFeed>()];
        for (var i = 0; i < feeds.Length; i++)
        {
            foreach (var other in feeds[..i])
            {
                if (feeds[i].Feed.Definition.ConflictWith(other.Feed.Definition) is { } conflict)
                    throw new InvalidOperationException($"The change feeds of the entity types '{other.EntityType.DisplayName()}' and '{feeds[i].EntityType.DisplayName()}' {conflict}");
            }
        }

        return feeds;
    }

    private static ModelFeed? FindOf(IReadOnlyEntityType entityType)
    {
        // Derived types do not inherit annotations, and have no feed of their own without one.
        if (entityType.FindAnnotation(FeedAnnotation.Name)?.Value is not string text)
            return null;

        var annotation = FeedAnnotation.Read(text);
        var table = StoreObjectIdentifier.Create(entityType, StoreObjectType.Table)
            ?? throw new InvalidOperationException($"The entity type '{entityType.DisplayName()}' has a change feed, but is not mapped to a table. Triggers are possible on tables only: remove HasChangeFeed.");
        var key = entityType.FindPrimaryKey()
            ?? throw new InvalidOperationException($"The entity type '{entityType.DisplayName()}' has a change feed, but no key to identify its rows. Give it one with HasKey, or remove HasChangeFeed.");

        var columns = new FeedColumns(entityType, table);
        var feed = ChangeFeed.For(table.Schema, table.Name)
            .Key([.. key.Properties.Select(columns.Of)])
            .Columns(annotation.Columns is { Count: > 0 } watched ? columns.Of(watched) : columns.OfEntityIfTableIsShared())
            .Include(columns.Of(annotation.Included ?? []));
        return new(entityType, WithSettings(InHierarchy(feed, entityType, columns), annotation), annotation.Script);
    }

    private static ChangeFeed WithSettings(ChangeFeed feed, FeedAnnotation annotation)
    {
        if (annotation.IsDurable)
            feed = feed.Durable();
        if (annotation.Channel is { } channel)
            feed = feed.Channel(channel);
        if (annotation.Prefix is { } prefix)
            feed = feed.ChannelPrefix(prefix);
        if (annotation.MaxKeys is { } maxKeys)
            feed = feed.MaxKeys(maxKeys);
        return annotation.GivenName is { } name ? feed.Named(name) : feed;
    }

    /// <summary>Restricts the feed of a type in a hierarchy to the rows that are of this type.</summary>
    private static ChangeFeed InHierarchy(ChangeFeed feed, IReadOnlyEntityType entityType, FeedColumns columns)
    {
        if (entityType.BaseType is not { } parent || StoreObjectIdentifier.Create(parent, StoreObjectType.Table) != StoreObjectIdentifier.Create(entityType, StoreObjectType.Table) || entityType.FindDiscriminatorProperty() is not { } discriminator)
            return feed;

        var values = entityType.GetDerivedTypesInclusive().Where(type => !type.IsAbstract()).Select(type => TextOf(type.GetDiscriminatorValue(), discriminator));
        return feed.Where(columns.Of(discriminator), [.. values]);
    }

    /// <summary>The value as PostgreSQL writes it.</summary>
    private static string TextOf(object? value, IReadOnlyProperty discriminator)
    {
        var mapping = discriminator.FindTypeMapping();
        var converter = mapping?.Converter ?? discriminator.GetValueConverter();
        if (mapping is not null && converter is null && value is Enum)
            throw new InvalidOperationException($"The entity type '{discriminator.DeclaringType.DisplayName()}' has a change feed for one of its types, and its discriminator '{discriminator.Name}' is an enum of PostgreSQL, whose labels are not known here. Convert the discriminator to text or to a number with HasConversion, or put HasChangeFeed on the base type, whose feed tells all rows.");
        return (converter is null ? value : converter.ConvertToProvider(value)) switch
        {
            bool isTrue => isTrue ? "true" : "false",
            Enum number => number.ToString("D"),
            var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
        };
    }
}
