using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using PgListener.EntityFrameworkCore.ChangeFeeds;

namespace PgListener.EntityFrameworkCore.Registration;

/// <summary>Reads the feeds of a context's model when the host starts.</summary>
internal static class ContextFeeds
{
    /// <summary>Entity Framework Core needs these of a context.</summary>
    public const DynamicallyAccessedMemberTypes MembersOfContext =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;

    public const string NeedsDynamicCode = "The types of the channels are those of the model, which is known only at run time.";

    /// <summary>The feeds, with the types of their channels.</summary>
    /// <exception cref="InvalidOperationException">The context is not registered, does not use <c>UsePgListener()</c>, or a feed names what its table does not have.</exception>
    [RequiresDynamicCode(NeedsDynamicCode)]
    public static IEnumerable<(Type Changes, ChangeFeed Feed)> Of<[DynamicallyAccessedMembers(MembersOfContext)] TContext>(IServiceProvider services)
        where TContext : DbContext
    {
        using var scope = services.CreateScope();
        var context = Create<TContext>(scope.ServiceProvider, out var created)
            ?? throw new InvalidOperationException($"AddChangeFeeds<{typeof(TContext).Name}>() needs a context, and the application has none. Register it with AddDbContext<{typeof(TContext).Name}>(…).");
        using var end = created;
        if (context.GetService<IDbContextOptions>().FindExtension<PgListenerOptionsExtension>() is null)
            throw new InvalidOperationException($"The migrations of {typeof(TContext)} would not create its change feeds. Call UsePgListener() where its options are configured: options.UseNpgsql(…).UsePgListener().");
        return [.. ModelFeeds.Of(context.Model).Select(feed => (typeof(Changes<>).MakeGenericType(feed.EntityType.ClrType), feed.Feed))];
    }

    /// <param name="services">The services of a scope.</param>
    /// <param name="created">What must be disposed of. A context that is a service belongs to the application, which may have only one.</param>
    private static TContext? Create<[DynamicallyAccessedMembers(MembersOfContext)] TContext>(IServiceProvider services, out IDisposable? created)
        where TContext : DbContext
    {
        try
        {
            var own = services.GetService<IDbContextFactory<TContext>>()?.CreateDbContext();
            created = own;
            return own ?? services.GetService<TContext>();
        }
        catch (Exception e)
        {
            // The constructor of a context may throw anything, for example because there is no request at the start.
            throw new InvalidOperationException(
                $"AddChangeFeeds<{typeof(TContext).Name}>() could not create a context: {e.Message} To read the feeds, a {typeof(TContext).Name} is created while the listener is being set up, " +
                "so neither it nor its options may need INotificationPublisher or IPgListener: use UsePgListener() without a publisher.",
                e);
        }
    }
}
