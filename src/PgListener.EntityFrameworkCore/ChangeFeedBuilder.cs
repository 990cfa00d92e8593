using System.Linq.Expressions;
using PgListener.EntityFrameworkCore.ChangeFeeds;

namespace PgListener;

/// <summary>Describes a change feed of the table of an entity type.</summary>
/// <typeparam name="TEntity">The entity type.</typeparam>
/// <remarks>The key is that of the entity type. Properties become columns only when a migration is written, so it does not matter whether they are configured before or after the feed.</remarks>
public sealed class ChangeFeedBuilder<TEntity>
    where TEntity : class
{
    internal ChangeFeedBuilder()
    {
    }

    internal FeedAnnotation Annotation { get; private set; } = new();

    /// <summary>Names the properties to watch. An update is silent if it changes none of them, nor the key, nor the discriminator of a hierarchy. A second call adds to them.</summary>
    /// <param name="properties">One property, <c>p =&gt; p.Price</c>, or several, <c>p =&gt; new { p.Price, p.Name }</c>. A property of an owned or complex type is named as <c>p =&gt; p.Address.City</c>; such a type alone stands for all of its columns.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The expression names something other than properties.</exception>
    public ChangeFeedBuilder<TEntity> Columns(Expression<Func<TEntity, object?>> properties) => Columns(PropertyPaths.Of(properties));

    /// <summary>Names the properties to watch, for shadow properties. A second call adds to them.</summary>
    /// <param name="propertyNames">The names of the properties; of an owned or complex type with a dot: <c>Address.City</c>.</param>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> Columns(params string[] propertyNames)
    {
        ArgumentNullException.ThrowIfNull(propertyNames);
        Annotation = Annotation with { Columns = [.. Annotation.Columns ?? [], .. propertyNames] };
        return this;
    }

    /// <summary>Names properties whose values are sent with each key. Without it, only keys are sent. A second call adds to them.</summary>
    /// <param name="properties">One property, <c>p =&gt; p.Price</c>, or several, <c>p =&gt; new { p.Price, p.Name }</c>.</param>
    /// <returns>This builder.</returns>
    /// <remarks>Anyone who can connect to the database can listen on the channel and read these values, regardless of their rights on the table.</remarks>
    /// <exception cref="ArgumentException">The expression names something other than properties.</exception>
    public ChangeFeedBuilder<TEntity> Include(Expression<Func<TEntity, object?>> properties) => Include(PropertyPaths.Of(properties));

    /// <summary>Names properties whose values are sent with each key, for shadow properties. A second call adds to them.</summary>
    /// <param name="propertyNames">The names of the properties.</param>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> Include(params string[] propertyNames)
    {
        ArgumentNullException.ThrowIfNull(propertyNames);
        Annotation = Annotation with { Included = [.. Annotation.Included ?? [], .. propertyNames] };
        return this;
    }

    /// <summary>Makes the feed durable: the triggers write messages of a durable channel, in the transaction of the change.</summary>
    /// <returns>This builder.</returns>
    /// <inheritdoc cref="ChangeFeed.Durable" path="/remarks"/>
    public ChangeFeedBuilder<TEntity> Durable()
    {
        Annotation = Annotation with { IsDurable = true };
        return this;
    }

    /// <inheritdoc cref="ChangeFeed.Channel"/>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> Channel(string name)
    {
        Annotation = Annotation with { Channel = name };
        return this;
    }

    /// <inheritdoc cref="ChangeFeed.ChannelPrefix"/>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> ChannelPrefix(string prefix)
    {
        Annotation = Annotation with { Prefix = prefix };
        return this;
    }

    /// <inheritdoc cref="ChangeFeed.MaxKeys"/>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> MaxKeys(int count)
    {
        Annotation = Annotation with { MaxKeys = count };
        return this;
    }

    /// <inheritdoc cref="ChangeFeed.Named"/>
    /// <returns>This builder.</returns>
    public ChangeFeedBuilder<TEntity> Named(string name)
    {
        Annotation = Annotation with { GivenName = name };
        return this;
    }
}
