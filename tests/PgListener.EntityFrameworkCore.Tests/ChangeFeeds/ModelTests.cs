using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Storage;
using PgListener.EntityFrameworkCore.Tests.Migrations;

namespace PgListener.EntityFrameworkCore.Tests.ChangeFeeds;

/// <summary>Which feed a model means. A database is not needed.</summary>
public class ModelTests
{
    [Fact]
    public void All_columns_and_the_key_without_more()
        => Means(ChangeFeed.For("public", "Product").Key("Id"), model => model.Entity<Product>().HasChangeFeed());

    [Fact]
    public void Settings_are_taken_over()
        => Means(
            ChangeFeed.For("public", "Product").Key("Id").Columns("Name", "Price").Include("Name").Durable().Channel("goods").ChannelPrefix("test_").MaxKeys(5).Named("watch"),
            model => model.Entity<Product>().HasChangeFeed(feed => feed
                .Columns(p => p.Name).Columns(p => (object)p.Price).Include(p => p.Name).Durable().Channel("goods").ChannelPrefix("test_").MaxKeys(5).Named("watch")));

    [Fact]
    public void Names_are_those_of_the_database_whenever_they_are_configured()
        => Means(ChangeFeed.For("my schema", "the \"goods\"").Key("product no").Columns("price in €", "tag"), model =>
        {
            model.HasDefaultSchema("my schema");
            var product = model.Entity<Product>().HasChangeFeed(feed => feed.Columns("Price", "Tag"));
            product.ToTable("the \"goods\"");
            product.Property(p => p.Id).HasColumnName("product no");
            product.Property(p => p.Price).HasColumnName("price in €");
            product.Property<string>("Tag").HasColumnName("tag");
        });

    [Fact]
    public void Composite_keys_keep_their_order()
        => Means(ChangeFeed.For("public", "Product").Key("Price", "Id"), model => model.Entity<Product>().HasChangeFeed().HasKey(p => new { p.Price, p.Id }));

    [Fact]
    public void Owned_types_of_the_same_table_are_columns_of_it()
        => Means(ChangeFeed.For("public", "Product").Key("Id").Columns("Size_Height", "Size_Width"), model =>
        {
            model.Entity<Product>().OwnsOne(p => p.Size);
            model.Entity<Product>().HasChangeFeed(feed => feed.Columns(p => p.Size!.Height).Columns(p => p.Size));
        }, ignoreSize: false);

    [Fact]
    public void Owned_types_that_are_json_are_one_column()
        => Means(ChangeFeed.For("public", "Product").Key("Id").Columns("Size"), model =>
        {
            model.Entity<Product>().OwnsOne(p => p.Size, size => size.ToJson());
            model.Entity<Product>().HasChangeFeed(feed => feed.Columns(p => new { p.Size!.Height, p.Size.Width }));
        }, ignoreSize: false);

    [Fact]
    public void Complex_types_are_columns_of_the_table()
        => Means(ChangeFeed.For("public", "Product").Key("Id").Columns("Size_Width"), model =>
        {
            model.Entity<Product>().ComplexProperty(p => p.Size, size => size.IsRequired());
            model.Entity<Product>().HasChangeFeed(feed => feed.Columns(p => p.Size!.Width));
        }, ignoreSize: false);

    [Fact]
    public void A_type_of_a_hierarchy_is_told_by_its_discriminator()
    {
        Means(ChangeFeed.For("public", "Animal").Key("Id").Where("Discriminator", "Cat", "Kitten"), model =>
        {
            model.Entity<Animal>();
            model.Entity<Cat>().HasChangeFeed();
            model.Entity<Kitten>();
        });
        Means(ChangeFeed.For("public", "Animal").Key("Id"), model =>
        {
            model.Entity<Animal>().HasChangeFeed();
            model.Entity<Cat>();
        });
        Means(ChangeFeed.For("public", "Animal").Key("Id").Columns("Lives", "Name").Where("kind", "2"), model =>
        {
            model.Entity<Animal>().HasDiscriminator<Kind>("Kind").HasValue<Animal>(Kind.Animal).HasValue<Cat>(Kind.Cat);
            model.Entity<Animal>().Property<Kind>("Kind").HasColumnName("kind");
            model.Entity<Cat>().HasChangeFeed(feed => feed.Columns(c => new { c.Lives, c.Name }));
        });
    }

    [Fact]
    public void A_type_with_a_table_of_its_own_is_not_restricted()
        => Means(ChangeFeed.For("public", "cats").Key("Id").Columns("Lives"), model =>
        {
            model.Entity<Animal>().UseTptMappingStrategy();
            model.Entity<Cat>().ToTable("cats").HasChangeFeed(feed => feed.Columns(c => c.Lives));
        });

    [Fact]
    public void Of_a_table_that_several_entities_share_only_the_own_columns_are_watched()
        => Means(ChangeFeed.For("public", "Product").Key("Id").Columns("Id", "Name", "Price"), model =>
        {
            model.Entity<Product>().HasChangeFeed();
            model.Entity<ProductText>().ToTable("Product").HasOne<Product>().WithOne().HasForeignKey<ProductText>(text => text.Id);
        });

    [Fact]
    public void A_row_version_which_triggers_do_not_see_is_not_watched()
    {
        Means(ChangeFeed.For("public", "Product").Key("Id").Columns("Id", "Name", "Price"), model =>
        {
            model.Entity<Product>().HasChangeFeed().Property<uint>("Version").IsRowVersion();
            model.Entity<ProductText>().ToTable("Product").HasOne<Product>().WithOne().HasForeignKey<ProductText>(text => text.Id);
        });
        Fails("names 'Version', for which the table", model => model.Entity<Product>().HasChangeFeed(feed => feed.Columns("Version")).Property<uint>("Version").IsRowVersion());
    }

    [Fact]
    public void Of_a_hierarchy_in_a_shared_table_the_columns_of_derived_types_are_watched_too()
        => Means(ChangeFeed.For("public", "Animal").Key("Id").Columns("Id", "Discriminator", "Name", "Lives"), model =>
        {
            model.Entity<Animal>().HasChangeFeed();
            model.Entity<Cat>();
            model.Entity<AnimalText>().ToTable("Animal").HasOne<Animal>().WithOne().HasForeignKey<AnimalText>(text => text.Id);
        });

    [Fact]
    public void A_discriminator_that_is_an_enum_of_the_database_is_refused()
        => Fails("its discriminator 'Kind' is an enum of PostgreSQL", model =>
        {
            model.Entity<Animal>().HasDiscriminator<Kind>("Kind").HasValue<Animal>(Kind.Animal).HasValue<Cat>(Kind.Cat);
            model.Entity<Cat>().HasChangeFeed();
        }, options => options.UseNpgsql("Host=nowhere", npgsql => npgsql.MapEnum<Kind>("kind")));

    [Theory]
    [InlineData("Nothing")]
    [InlineData("Price.Cents")]
    [InlineData("")]
    public void A_property_without_a_column_is_named(string property)
        => Fails($"The change feed of the entity type 'Product' names '{property}'", model => model.Entity<Product>().HasChangeFeed(feed => feed.Columns(property)));

    [Fact]
    public void A_type_without_a_table_or_a_key_is_named()
    {
        Fails("The entity type 'Product' has a change feed, but is not mapped to a table", model => model.Entity<Product>().ToView("goods").HasChangeFeed());
        Fails("The entity type 'Product' has a change feed, but no key", model => model.Entity<Product>().HasChangeFeed().HasNoKey());
    }

    [Fact]
    public void Two_feeds_with_one_function_are_refused()
        => Fails("'ProductText' and 'Product' have the same function public.Product_changes", model =>
        {
            model.Entity<Product>().HasChangeFeed();
            model.Entity<ProductText>().ToTable("Product").HasChangeFeed().HasOne<Product>().WithOne().HasForeignKey<ProductText>(text => text.Id);
        });

    [Fact]
    public void Two_feeds_with_one_channel_are_refused()
        => Fails("'ProductText' and 'Product' have the same channel 'changes:public.Product'", model =>
        {
            model.Entity<Product>().HasChangeFeed();
            model.Entity<ProductText>().ToTable("Product").HasChangeFeed(feed => feed.Named("texts")).HasOne<Product>().WithOne().HasForeignKey<ProductText>(text => text.Id);
        });

    [Fact]
    public void A_feed_with_an_earlier_script_is_created_again()
    {
        using var former = new ModelContext(model => model.Entity<Product>().HasAnnotation("PgListener:ChangeFeed", "{\"script\":0}"));
        using var same = new ModelContext(model => model.Entity<Product>().HasChangeFeed());
        using var db = new ModelContext(model => model.Entity<Product>().HasChangeFeed());
        Assert.Single(Operations(db, former).OfType<SqlOperation>());
        Assert.Empty(Operations(db, same));
    }

    [Fact]
    public void An_expression_that_names_no_property_is_refused()
        => Fails<ArgumentException>("p => p.Price, or p => new { p.Price, p.Name }", model => model.Entity<Product>().HasChangeFeed(feed => feed.Columns(p => p.Name + "!")));

    [Fact]
    public void A_table_that_migrations_leave_alone_has_no_operation()
    {
        using var db = new ModelContext(model => model.Entity<Product>().ToTable("Product", table => table.ExcludeFromMigrations()).HasChangeFeed());
        Assert.Empty(Operations(db));
    }

    [Fact]
    public void A_table_that_is_left_to_other_migrations_keeps_its_feed()
    {
        using var former = new ModelContext(model => model.Entity<Product>().HasChangeFeed());
        using var db = new ModelContext(model => model.Entity<Product>().ToTable("Product", table => table.ExcludeFromMigrations()).HasChangeFeed());
        using var without = new ModelContext(model => model.Entity<Product>());
        Assert.Empty(Operations(db, former).OfType<SqlOperation>());
        Assert.Empty(Operations(without, db).OfType<SqlOperation>());
        Assert.Single(Operations(former, db).OfType<SqlOperation>());
        Assert.Single(Operations(without, former).OfType<SqlOperation>());
    }

    [Fact]
    public void Another_database_gets_no_feeds()
    {
        using var db = new ModelContext(model => model.Entity<Product>().HasChangeFeed(), configureOptions: options => options.ReplaceService<IDatabaseProvider, OtherProvider>());
        Assert.NotEmpty(Operations(db));
        Assert.Empty(Operations(db).OfType<SqlOperation>());
    }

    private static void Means(ChangeFeed feed, Action<ModelBuilder> configure, bool ignoreSize = true)
    {
        using var db = new ModelContext(configure, ignoreSize);
        var script = Assert.Single(Operations(db).OfType<SqlOperation>()).Sql;
        Assert.Equal(feed.Script, script);
    }

    private static void Fails(string problem, Action<ModelBuilder> configure, Action<DbContextOptionsBuilder>? configureOptions = null)
        => Fails<InvalidOperationException>(problem, configure, configureOptions);

    private static void Fails<TException>(string problem, Action<ModelBuilder> configure, Action<DbContextOptionsBuilder>? configureOptions = null)
        where TException : Exception
    {
        using var db = new ModelContext(configure, configureOptions: configureOptions);
        Assert.Contains(problem, Assert.Throws<TException>(() => Operations(db)).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<MigrationOperation> Operations(ModelContext db, ModelContext? former = null)
        => db.GetService<IMigrationsModelDiffer>().GetDifferences(ModelOf(former), ModelOf(db));

    private static IRelationalModel? ModelOf(ModelContext? db) => db?.GetService<IDesignTimeModel>().Model.GetRelationalModel();

    public enum Kind
    {
        Animal = 1,
        Cat,
    }

    public sealed class Kitten : Cat;

    public sealed class ProductText
    {
        public Guid Id { get; set; }

        public string Text { get; set; } = "";
    }

    public sealed class AnimalText
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";
    }

    private sealed class OtherProvider : IDatabaseProvider
    {
        public string Name => "Other";

        public string? Version => null;

        public bool IsConfigured(IDbContextOptions options) => true;
    }

    private sealed class ModelContext(Action<ModelBuilder> configure, bool ignoreSize = true, Action<DbContextOptionsBuilder>? configureOptions = null) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
        {
            optionsBuilder.UseNpgsql("Host=nowhere").UsePgListener().EnableServiceProviderCaching(false);
            configureOptions?.Invoke(optionsBuilder);
        }

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            if (ignoreSize)
                modelBuilder.Ignore<Size>();
            configure(modelBuilder);
        }
    }
}
