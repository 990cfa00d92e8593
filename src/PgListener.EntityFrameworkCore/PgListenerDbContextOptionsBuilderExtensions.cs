using Microsoft.EntityFrameworkCore.Infrastructure;
using PgListener;
using PgListener.EntityFrameworkCore.Registration;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Lets contexts publish notifications with what they save.</summary>
public static class PgListenerDbContextOptionsBuilderExtensions
{
    /// <summary>Lets the contexts publish with <see cref="PgListenerDbContextExtensions.Publish"/>, and has their migrations create the change feeds of the model.</summary>
    /// <param name="optionsBuilder">The options of the contexts, which use the provider Npgsql.EntityFrameworkCore.PostgreSQL.</param>
    /// <param name="name">The name of the listener whose <see cref="INotificationPublisher"/> publishes.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// The publisher is taken from the services of the application, where <c>AddPgListener()</c> registers it. Register the contexts there too,
    /// with <c>AddDbContext</c>, <c>AddDbContextPool</c> or <c>AddDbContextFactory</c>.
    /// </remarks>
    public static DbContextOptionsBuilder UsePgListener(this DbContextOptionsBuilder optionsBuilder, string? name = null)
        => Use(optionsBuilder, new(string.IsNullOrEmpty(name) ? null : name, publisher: null));

    /// <inheritdoc cref="UsePgListener(DbContextOptionsBuilder, string)"/>
    /// <typeparam name="TContext">The type of the contexts.</typeparam>
    public static DbContextOptionsBuilder<TContext> UsePgListener<TContext>(this DbContextOptionsBuilder<TContext> optionsBuilder, string? name = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)((DbContextOptionsBuilder)optionsBuilder).UsePgListener(name);

    /// <summary>Lets the contexts publish with <see cref="PgListenerDbContextExtensions.Publish"/> through a given publisher, without the services of an application.</summary>
    /// <param name="optionsBuilder">The options of the contexts, which use the provider Npgsql.EntityFrameworkCore.PostgreSQL.</param>
    /// <param name="publisher">The publisher, for example <c>dataSource.CreatePublisher()</c>. It is not disposed of.</param>
    /// <returns>The same builder.</returns>
    public static DbContextOptionsBuilder UsePgListener(this DbContextOptionsBuilder optionsBuilder, INotificationPublisher publisher)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return Use(optionsBuilder, new(name: null, publisher));
    }

    /// <inheritdoc cref="UsePgListener(DbContextOptionsBuilder, INotificationPublisher)"/>
    /// <typeparam name="TContext">The type of the contexts.</typeparam>
    public static DbContextOptionsBuilder<TContext> UsePgListener<TContext>(this DbContextOptionsBuilder<TContext> optionsBuilder, INotificationPublisher publisher)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)((DbContextOptionsBuilder)optionsBuilder).UsePgListener(publisher);

    private static DbContextOptionsBuilder Use(DbContextOptionsBuilder optionsBuilder, PgListenerOptionsExtension extension)
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ((IDbContextOptionsBuilderInfrastructure)optionsBuilder).AddOrUpdateExtension(extension);
        return optionsBuilder;
    }
}
