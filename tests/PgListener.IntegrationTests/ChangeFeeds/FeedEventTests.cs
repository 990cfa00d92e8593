namespace PgListener.IntegrationTests.ChangeFeeds;

/// <summary>What a feed tells of each kind of statement.</summary>
public sealed class FeedEventTests(ServerFixture server)
{
    private const string Products = "create table products (id int primary key, name text, price numeric, stock int)";

    private const string Everything = "\"all\":true}";

    private Task<FeedScene> ProductsAsync(Func<ChangeFeed, ChangeFeed>? feed = null)
        => FeedScene.CreateAsync(server, Products, given => (feed ?? (each => each))(given.Key("id")));

    [Fact]
    public async Task Each_statement_is_told_once_with_its_keys()
    {
        await using var scene = await ProductsAsync();
        Assert.Equal(["""{"op":"insert","keys":[[1],[2],[3]]}"""], await scene.ToldAsync("insert into products values (1, 'a', 1, 1), (2, 'b', 2, 2), (3, 'c', 3, 3)"));
        Assert.Equal(["""{"op":"update","columns":["price","stock"],"keys":[[1],[2]]}"""], await scene.ToldAsync("update products set price = price + 1, stock = 7, name = name where id < 3"));
        Assert.Equal(["""{"op":"delete","keys":[[2],[3]]}"""], await scene.ToldAsync("delete from products where id > 1"));
        Assert.Equal(["""{"op":"truncate","all":true}"""], await scene.ToldAsync("truncate products"));
        Assert.Empty(scene.Warnings);
        Assert.Null(await scene.ProblemAsync());
    }

    [Fact]
    public async Task A_statement_without_rows_or_without_a_change_is_silent()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("insert into products values (1, 'a', 1.0, 1)");
        await scene.HeardAsync();
        Assert.Empty(await scene.ToldAsync("insert into products select * from products where false; update products set stock = 1; update products set stock = 2 where id = 7; delete from products where id = 7"));
    }

    [Fact]
    public async Task Only_watched_columns_are_told_of()
    {
        await using var scene = await ProductsAsync(feed => feed.Columns("price", "name"));
        await scene.ExecuteAsync("insert into products select i, 'n', i, i from generate_series(1, 5) i");
        await scene.HeardAsync();
        Assert.Empty(await scene.ToldAsync("update products set stock = stock + 1"));
        Assert.Equal(["""{"op":"update","columns":["price"],"keys":[[2]]}"""], await scene.ToldAsync("update products set stock = 0, price = case id when 2 then 2.5 else price end"));
        Assert.Equal(["""{"op":"update","columns":["name"],"keys":[[3]]}"""], await scene.ToldAsync("update products set name = null where id = 3"));
        Assert.Empty(await scene.ToldAsync("update products set name = null where id = 3"));
    }

    [Fact]
    public async Task A_change_of_the_key_tells_the_old_and_the_new_one()
    {
        await using var scene = await ProductsAsync(feed => feed.Columns("price").Include("name"));
        await scene.ExecuteAsync("insert into products values (1, 'a', 1, 1), (2, 'b', 2, 2)");
        await scene.HeardAsync();
        Assert.Equal(
            ["""{"op":"update","columns":["id"],"keys":[[1],[9]],"values":[null,{"name" : "a"}]}"""],
            await scene.ToldAsync("update products set id = 9 where id = 1"));

        // Two rows change places: each key is told once, with the row that has it now.
        await scene.ExecuteAsync("alter table products drop constraint products_pkey");
        var told = Assert.Single(await scene.ChangesAsync("update products set id = 11 - id"))!;
        Assert.Equal([ChangeKey.Of(2), ChangeKey.Of(9)], told.Keys.OrderBy(key => key.GetInt32()));
        Assert.Equal(["a", "b"], told.Keys.Zip(told.Values).OrderBy(pair => pair.First.GetInt32()).Select(pair => pair.Second.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Values_of_included_columns_are_carried()
    {
        await using var scene = await ProductsAsync(feed => feed.Columns("price").Include("name", "price"));
        var inserted = Assert.Single(await scene.ChangesAsync("insert into products values (1, 'a \"quoted\" é', 1.50, 1), (2, null, null, 2)"))!;
        Assert.Equal(["a \"quoted\" é", null], inserted.Values.Select(value => value.GetProperty("name").GetString()));
        Assert.Equal(1.50m, inserted.Values[0].GetProperty("price").GetDecimal());
        var updated = Assert.Single(await scene.ChangesAsync("update products set price = 3 where id = 2"))!;
        Assert.Equal((3, 1), (updated.Values[0].GetProperty("price").GetInt32(), updated.Values.Count));
        var deleted = Assert.Single(await scene.ChangesAsync("delete from products where id = 1"))!;
        Assert.Equal("a \"quoted\" é", deleted.Values[0].GetProperty("name").GetString());

        // The same value again in one transaction is not merged with the first, or the last one would be missed.
        Assert.Equal(3, (await scene.ToldAsync("begin; update products set price = 4; update products set price = 5; update products set price = 4; commit")).Length);
    }

    [Fact]
    public async Task A_row_that_comes_goes_and_comes_again_in_one_transaction_is_told_each_time()
    {
        await using var scene = await ProductsAsync();
        var told = await scene.ToldAsync("begin; insert into products values (1); delete from products; insert into products values (1); commit");
        Assert.Equal(["""{"op":"insert","keys":[[1]]}""", """{"op":"delete","keys":[[1]]}""", """{"op":"insert","keys":[[1]]}"""], told);

        // Updates with keys only say the same each time.
        Assert.Single(await scene.ToldAsync("begin; update products set stock = 1; update products set stock = 2; update products set stock = 3; commit"));
    }

    [Fact]
    public async Task What_is_rolled_back_is_not_told()
    {
        await using var scene = await ProductsAsync();
        Assert.Equal(
            ["""{"op":"insert","keys":[[2]]}"""],
            await scene.ToldAsync("begin; savepoint s; insert into products values (1); rollback to s; insert into products values (2); commit; begin; insert into products values (3); rollback"));
    }

    [Fact]
    public async Task On_conflict_and_merge_tell_what_they_have_done()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("insert into products values (1, 'a', 1, 1), (2, 'b', 2, 2), (3, 'c', 3, 3)");
        await scene.HeardAsync();
        Assert.Equal(
            ["""{"op":"insert","keys":[[9]]}""", """{"op":"update","columns":["stock"],"keys":[[2]]}"""],
            (await scene.ToldAsync("insert into products values (1, 'a', 1, 1), (2, 'b', 2, 7), (9, 'i', 9, 9) on conflict (id) do update set stock = excluded.stock")).Order(StringComparer.Ordinal));
        Assert.Empty(await scene.ToldAsync("insert into products values (1) on conflict do nothing"));
        Assert.Equal(
            ["""{"op":"delete","keys":[[3]]}""", """{"op":"insert","keys":[[10]]}""", """{"op":"update","columns":["name"],"keys":[[1]]}"""],
            (await scene.ToldAsync("""
                merge into products p using (values (1), (3), (10)) v (id) on v.id = p.id
                when matched and p.id = 3 then delete
                when matched then update set name = 'merged'
                when not matched then insert (id) values (v.id)
                """)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cascade_tells_the_rows_of_the_other_table()
    {
        await using var scene = await FeedScene.CreateAsync(
            server,
            "create table makers (id int primary key); create table products (id int primary key, maker int references makers on delete cascade on update cascade); insert into makers values (1), (2), (3); insert into products select i, i % 3 + 1 from generate_series(1, 9) i",
            feed => feed.Key("id"));
        var deleted = Assert.Single(await scene.ChangesAsync("delete from makers where id < 3"))!;
        Assert.Equal((ChangeOperation.Delete, 6), (deleted.Operation, deleted.Keys.Count));
        Assert.Equal(["""{"op":"update","columns":["maker"],"keys":[[2],[5],[8]]}"""], await scene.ToldAsync("update makers set id = 30 where id = 3"));
        Assert.Equal(["""{"op":"truncate","all":true}"""], await scene.ToldAsync("truncate makers cascade"));
    }

    [Fact]
    public async Task More_keys_than_the_limit_are_told_as_everything()
    {
        await using var scene = await ProductsAsync(feed => feed.MaxKeys(10));
        var told = Assert.Single(await scene.ChangesAsync("insert into products select i from generate_series(1, 10) i"))!;
        Assert.Equal(10, told.Keys.Count);
        Assert.Equal(["""{"op":"insert","all":true}"""], await scene.ToldAsync("insert into products select i from generate_series(11, 21) i"));
        Assert.Equal(["""{"op":"update","all":true}"""], await scene.ToldAsync("update products set stock = 1"));
        Assert.Equal(["""{"op":"update","all":true}"""], await scene.ToldAsync("update products set id = -id where id <= 6")); // 6 rows with 12 keys.
        Assert.Equal(["""{"op":"delete","all":true}"""], await scene.ToldAsync("delete from products"));
    }

    [Fact]
    public async Task An_update_of_many_rows_that_changes_few_of_them_tells_those()
    {
        await using var scene = await ProductsAsync(feed => feed.Columns("price"));
        await scene.ExecuteAsync("insert into products select i, 'n', i, i from generate_series(1, 20000) i");
        await scene.HeardAsync();
        Assert.Empty(await scene.ToldAsync("update products set stock = 0"));
        Assert.Equal(["""{"op":"update","columns":["price"],"keys":[[12345]]}"""], await scene.ToldAsync("update products set stock = 1, price = case id when 12345 then 0 else price end"));
    }

    [Fact]
    public async Task A_copy_of_200_000_rows_is_told_as_everything()
    {
        await using var scene = await ProductsAsync();
        await using (var copy = await scene.Writer.BeginTextImportAsync("copy products from stdin", TestContext.Current.CancellationToken))
        {
            for (var i = 1; i <= 200_000; i++)
                await copy.WriteAsync($"{i}\tname\t{i}\t0\n");
        }

        Assert.Equal(["""{"op":"insert","all":true}"""], await scene.HeardAsync());
        Assert.All(await scene.ToldAsync("update products set stock = 1; delete from products"), payload => Assert.EndsWith(Everything, payload, StringComparison.Ordinal));
        await using (var copy = await scene.Writer.BeginTextImportAsync("copy products from stdin", TestContext.Current.CancellationToken))
            await copy.WriteAsync("1\tname\t1\t0\n2\tname\t1\t0\n");
        Assert.Equal(["""{"op":"insert","keys":[[1],[2]]}"""], await scene.HeardAsync());
    }
}
