using Microsoft.EntityFrameworkCore.Metadata.Builders;
using PgListener;
using PgListener.EntityFrameworkCore.ChangeFeeds;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Adds change feeds to a model.</summary>
public static class PgListenerEntityTypeBuilderExtensions
{
    /// <summary>Adds a change feed for the table of the entity type, so that handlers of <see cref="Changes{T}"/> receive its changes. Migrations create and remove the triggers.</summary>
    /// <typeparam name="TEntity">The type of the entities.</typeparam>
    /// <param name="entityTypeBuilder">The entity type, which has a key and is mapped to a table. For a type in a TPH hierarchy, only rows of this type and of derived types are reported.</param>
    /// <param name="configure">Describes the feed. Without it, all columns are watched, and only keys are sent.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// <para>The options of the context need <c>UsePgListener()</c>, so that <c>dotnet ef migrations add</c> notices the feed. The application registers the feeds with <c>AddPgListener().AddChangeFeeds&lt;TContext&gt;()</c>.</para>
    /// <para>A second call for the same type replaces the feed.</para>
    /// </remarks>
    public static EntityTypeBuilder<TEntity> HasChangeFeed<TEntity>(this EntityTypeBuilder<TEntity> entityTypeBuilder, Action<ChangeFeedBuilder<TEntity>>? configure = null)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(entityTypeBuilder);
        var feed = new ChangeFeedBuilder<TEntity>();
        configure?.Invoke(feed);
        entityTypeBuilder.HasAnnotation(FeedAnnotation.Name, feed.Annotation.Write());
        return entityTypeBuilder;
    }
}
