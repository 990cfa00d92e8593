using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

/// <summary>A context whose model changes from version to version of an application.</summary>
public sealed class FeedContext(string connectionString, int version, Assembly? migrations = null) : DbContext
{
    public int Version => version;

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
        => optionsBuilder
            .UsePgListener()
            .UseNpgsql(connectionString, npgsql => npgsql.MigrationsAssembly(migrations ?? typeof(FeedContext).Assembly))
            .ReplaceService<IModelCacheKeyFactory, ModelKeys>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        if (version == 0)
            return;

        var product = modelBuilder.Entity<Product>();
        product.ToTable(version < 4 ? "Products" : "Goods", "Shop");
        product.OwnsOne(p => p.Size);
        if (version >= 3)
            product.Property(p => p.Price).HasColumnName("Cost");
        _ = version switch
        {
            2 => product.HasChangeFeed(feed => feed.Columns(p => p.Price)),
            3 or 4 => product.HasChangeFeed(feed => feed.Columns(p => new { p.Price, p.Size!.Width }).Include(p => p.Name).MaxKeys(50)),
            _ => product,
        };

        modelBuilder.Entity<Animal>().ToTable("animals");
        var cat = modelBuilder.Entity<Cat>();
        if (version is 2 or 3)
            cat.HasChangeFeed(feed => feed.Channel("the \"cats\""));
        if (version >= 5)
        {
            modelBuilder.Ignore<Animal>();
            modelBuilder.Ignore<Cat>();
        }
    }

    private sealed class ModelKeys : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.GetType(), designTime, (context as FeedContext)?.Version);
    }
}
