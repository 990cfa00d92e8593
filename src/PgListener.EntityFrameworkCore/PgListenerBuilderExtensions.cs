using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using PgListener;
using PgListener.EntityFrameworkCore.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the change feeds of models with a listener.</summary>
public static class PgListenerBuilderExtensions
{
    /// <summary>Registers all change feeds of a context's model, so that <see cref="Changes{T}"/> of its entity types can be handled and read: their channels, whether they are durable, and the check of their triggers.</summary>
    /// <typeparam name="TContext">The type of the context, which is registered with <c>AddDbContext</c>, <c>AddDbContextPool</c> or <c>AddDbContextFactory</c>.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <returns>The builder.</returns>
    /// <remarks>When the host starts, a context is created to read the model, while the listener is being set up. So neither the context nor its options may need <see cref="INotificationPublisher"/> or <see cref="IPgListener"/>. This does not query the database.</remarks>
    [RequiresDynamicCode(ContextFeeds.NeedsDynamicCode)]
    public static PgListenerBuilder AddChangeFeeds<[DynamicallyAccessedMembers(ContextFeeds.MembersOfContext)] TContext>(this PgListenerBuilder builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Registration.Feeds.AddSource(ContextFeeds.Of<TContext>);
        return builder;
    }
}
