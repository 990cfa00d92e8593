namespace PgListener.UnitTests.ChangeFeeds;

public class ChangeFeedTests
{
    private static readonly ChangeFeed Products = ChangeFeed.For("public.products").Key("id");

    [Theory]
    [InlineData("products", "public", "products")]
    [InlineData("Shop.Products", "shop", "products")]
    [InlineData("\"Shop\".\"Pro.ducts\"", "Shop", "Pro.ducts")]
    [InlineData("shop.\"a \"\"b\"\"\"", "shop", "a \"b\"")]
    [InlineData("Ärzte", "public", "Ärzte")]
    public void A_table_is_named_as_in_SQL(string text, string schema, string table)
    {
        var feed = ChangeFeed.For(text);
        Assert.Equal((schema, table), (feed.Schema, feed.Table));
        Assert.Equal(feed, ChangeFeed.For(schema, table));
    }

    [Theory]
    [InlineData("a.b.c")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("\"a")]
    [InlineData("\"a\"b")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("\"\"")]
    public void What_is_no_name_of_a_table_is_refused(string text) => Assert.ThrowsAny<ArgumentException>(() => ChangeFeed.For(text));

    [Fact]
    public void Names_given_apart_are_taken_as_they_are()
        => Assert.Equal(("public", "My.Products"), (ChangeFeed.For(null, "My.Products").Schema, ChangeFeed.For(null, "My.Products").Table));

    [Fact]
    public void A_feed_is_not_changed_by_what_is_derived_from_it()
    {
        var derived = Products.Columns("price").Include("name").Durable().Channel("c").MaxKeys(5).Where("kind", "a").ChannelPrefix("p").Named("n");
        Assert.Equal((0, 0, false, "changes:public.products"), (Products.WatchedColumns.Count, Products.IncludedColumns.Count, Products.IsDurable, Products.ChannelName));
        Assert.Equal(["price", "name", "c"], [.. derived.WatchedColumns, .. derived.IncludedColumns, derived.ChannelName]);
        Assert.True(derived.IsDurable);
    }

    [Fact]
    public void Feeds_that_describe_the_same_are_equal()
    {
        ChangeFeed[] different =
        [
            Products, Products.Columns("a"), Products.Columns("a", "b"), Products.Include("a"), Products.Durable(), Products.Channel("c"), Products.MaxKeys(5), Products.Where("kind", "a"),
            Products.Where("kind", "a", "b"), Products.ChannelPrefix("p"), Products.Named("n"), Products.Key("id", "shop"), ChangeFeed.For("public.product").Key("id"), ChangeFeed.For("shop.products").Key("id"),
        ];
        Assert.Equal(different.Length, different.Distinct().Count());
        Assert.Equal(different.Length, different.Select(feed => feed.Script).Distinct(StringComparer.Ordinal).Count());
        foreach (var feed in different)
        {
            Assert.Equal(feed, ChangeFeed.FromDefinition(feed.ToDefinition()));
            Assert.Equal(feed.Script, ChangeFeed.FromDefinition(feed.ToDefinition()).Script);
        }

        Assert.Equal(Products.Columns("a").Key("id"), ChangeFeed.For("products").Key("id").Columns("a"));
        Assert.Throws<FormatException>(() => ChangeFeed.FromDefinition("{}"));
        Assert.Throws<FormatException>(() => ChangeFeed.FromDefinition("no"));
    }

    [Fact]
    public void What_would_not_work_in_the_database_is_refused()
    {
        Assert.Contains("has no key", Assert.Throws<InvalidOperationException>(() => ChangeFeed.For("products").Script).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => ChangeFeed.For("products").RemovalScript);
        Assert.Throws<ArgumentException>(() => Products.Key());
        Assert.Throws<ArgumentException>(() => Products.Columns("a", "a"));
        Assert.Throws<ArgumentException>(() => Products.Columns(new string('x', 64)));
        Assert.Throws<ArgumentException>(() => Products.Columns("a\0"));
        Assert.Throws<ArgumentException>(() => Products.Channel(new string('x', 64)));
        Assert.Throws<ArgumentException>(() => Products.Where("kind"));
        Assert.Throws<ArgumentException>(() => Products.Include([.. Enumerable.Range(0, 51).Select(i => $"c{i}")]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Products.MaxKeys(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Products.MaxKeys(100_001));
        Assert.Contains("too long with the prefix", Assert.Throws<InvalidOperationException>(() => Products.Channel(new string('x', 60)).ChannelPrefix("test:").Script).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_names_are_cut_short_and_stay_apart()
    {
        var (first, second) = (ChangeFeed.For("public." + new string('é', 31)).Key("id"), ChangeFeed.For("public." + new string('é', 30) + "e").Key("id"));
        Assert.All([first, second], feed => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(feed.ChannelName), 50, 63));
        Assert.NotEqual(first.ChannelName, second.ChannelName);
        Assert.NotEqual(first.Definition.Function, second.Definition.Function);
        Assert.All([first, second], feed => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(feed.Definition.Function), 40, 54));
    }
}
