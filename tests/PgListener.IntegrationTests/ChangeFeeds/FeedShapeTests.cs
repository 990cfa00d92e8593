using System.Globalization;

namespace PgListener.IntegrationTests.ChangeFeeds;

/// <summary>Keys, names, tables and types of all kinds.</summary>
public sealed class FeedShapeTests(ServerFixture server)
{
    [Fact]
    public async Task Many_uuid_keys_come_in_as_few_payloads_as_fit()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id uuid primary key, stock int)", feed => feed.Key("id"));
        var told = await scene.ChangesAsync("insert into products select gen_random_uuid() from generate_series(1, 1000)");
        Assert.Equal(1_000, told.SelectMany(each => each!.Keys).Select(key => key.GetGuid()).Distinct().Count());
        Assert.InRange(told.Length, 6, 7); // 41 bytes each.
        told = await scene.ChangesAsync("update products set stock = 1");
        Assert.Equal(1_000, told.SelectMany(each => each!.Keys).Distinct().Count());
        Assert.All(told, each => Assert.Equal("stock", Assert.Single(each!.Columns)));
        Assert.InRange(told.Length, 6, 7);
    }

    [Fact]
    public async Task Composite_and_long_keys_are_packed_too()
    {
        await using var scene = await FeedScene.CreateAsync(
            server, "create table products (shop int, code text, at timestamptz, stock int, primary key (shop, code, at))", feed => feed.Key("shop", "code", "at").Include("code"));
        var told = await scene.ChangesAsync("set timezone = 'Asia/Tokyo'; insert into products select i, repeat(chr(233), i % 50 * 30), '2026-01-01 12:00:00.5+00' from generate_series(1, 300) i");
        Assert.All(told, Assert.NotNull);
        Assert.Equal(Enumerable.Range(1, 300), told.SelectMany(each => each!.Keys).Select(key => key.GetInt32()).Order());
        var last = told[^1]!;
        Assert.Equal((3, last.Keys[^1].GetString(1), new DateTimeOffset(2026, 1, 1, 12, 0, 0, 500, TimeSpan.Zero)), (last.Keys[^1].Count, last.Values[^1].GetProperty("code").GetString()!, last.Keys[^1].Get<DateTimeOffset>(2)));
        Assert.Equal(ChangeKey.Of(1, new string('é', 30), new DateTimeOffset(2026, 1, 1, 12, 0, 0, 500, TimeSpan.Zero)), told.SelectMany(each => each!.Keys).Single(key => key.GetInt32() == 1));
    }

    [Fact]
    public async Task What_one_row_carries_and_does_not_fit_is_told_as_everything()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key, text text)", feed => feed.Key("id").Include("text"));
        Assert.Equal(["""{"op":"insert","all":true}"""], await scene.ToldAsync("insert into products values (1, repeat('x', 9000)), (2, 'x')"));
        Assert.Equal(3, (await scene.ChangesAsync("insert into products select i, repeat('x', 7000) from generate_series(3, 5) i")).Length);
        Assert.Empty(scene.Warnings);
    }

    [Fact]
    public async Task Quoted_and_mixed_case_names_and_names_of_the_function_s_own_work()
    {
        await using var scene = await FeedScene.CreateAsync(
            server,
            """create table "Shop's ""Products"" $feed$" ("The Id" int primary key, "Price É" numeric, keys text, vals text, changed text, o text, n text, "row" text, t text, channel text, p text, place int)""",
            feed => feed.Key("The Id").Columns("Price É", "keys", "channel", "place").Include("vals", "row"),
            "Shop's \"Products\" $feed$");
        Assert.Single(await scene.ChangesAsync("""insert into "Shop's ""Products"" $feed$" values (1, 1, 'keys')"""));
        var told = Assert.Single(await scene.ChangesAsync("""update "Shop's ""Products"" $feed$" set "Price É" = 2, place = 3, channel = 'c'"""))!;
        Assert.Equal(["Price É", "channel", "place"], told.Columns);
        Assert.Equal(1, told.Keys[0].GetInt32());
        Assert.Empty(scene.Warnings);
        Assert.Null(await scene.ProblemAsync());

        await using var all = await FeedScene.CreateAsync(
            server, """create table products ("Id" int primary key, keys text, vals text, changed text, o text, n text, image text, t text, channel text, place int, counts int)""", feed => feed.Key("Id"));
        Assert.Equal(
            ["""{"op":"insert","keys":[[1]]}""", """{"op":"update","columns":["channel","image"],"keys":[[1]]}"""],
            await all.ToldAsync("""insert into products ("Id") values (1); update products set image = 'i', channel = 'c'"""));
        Assert.Empty(all.Warnings);
    }

    [Fact]
    public async Task Names_that_would_be_cut_short_stay_apart()
    {
        var table = new string('é', 30); // 60 bytes.
        await using var scene = await FeedScene.CreateAsync(server, $"create table {table} (id int primary key); create table {table}a (id int primary key)", feed => feed.Key("id"), table);
        var other = ChangeFeed.For(scene.Schema, table + "a").Key("id");
        await scene.ExecuteAsync(other.Script);
        Assert.NotEqual(scene.Feed.ChannelName, other.ChannelName);
        Assert.Equal(["""{"op":"insert","keys":[[1]]}"""], await scene.ToldAsync($"insert into {table} values (1); insert into {table}a values (2)"));
        Assert.Null(await scene.ProblemAsync());
        Assert.Null(await scene.ProblemAsync(other));
    }

    [Fact]
    public async Task Rows_of_a_hierarchy_are_told_to_the_feed_of_their_type()
    {
        await using var dogs = await FeedScene.CreateAsync(
            server, "create table animals (id int primary key, kind text, name text)", feed => feed.Key("id").Columns("name").Where("kind", "dog", "puppy"), "animals");
        var cats = ChangeFeed.For(dogs.Schema, "animals").Key("id").Where("kind", "cat");
        await dogs.ExecuteAsync(cats.Script);
        Assert.NotEqual(cats.ChannelName, dogs.Feed.ChannelName);
        Assert.Null(await dogs.ProblemAsync());
        Assert.Null(await dogs.ProblemAsync(cats));

        Assert.Equal(["""{"op":"insert","keys":[[1],[2]]}"""], await dogs.ToldAsync("insert into animals values (1, 'dog'), (2, 'puppy'), (3, 'cat'), (4, null)"));
        Assert.Equal(["""{"op":"update","columns":["name"],"keys":[[1],[2]]}"""], await dogs.ToldAsync("update animals set name = 'x'"));
        Assert.Equal(["""{"op":"update","columns":["kind"],"keys":[[2]]}"""], await dogs.ToldAsync("update animals set kind = 'cat' where id = 2")); // It leaves the feed,
        Assert.Equal(["""{"op":"update","columns":["kind"],"keys":[[4]]}"""], await dogs.ToldAsync("update animals set kind = 'dog' where id = 4")); // and this one enters it.
        Assert.Empty(await dogs.ToldAsync("update animals set name = 'y', id = id + 100 where kind = 'cat'; delete from animals where kind = 'cat'"));
        Assert.Equal(["""{"op":"truncate","all":true}"""], await dogs.ToldAsync("truncate animals"));
        Assert.Empty(dogs.Warnings);
    }

    [Fact]
    public async Task A_partitioned_table_tells_what_is_written_to_it()
    {
        await using var scene = await FeedScene.CreateAsync(
            server,
            "create table products (id int, region text, stock int, primary key (id, region)) partition by list (region); create table products_e partition of products for values in ('e'); create table products_w partition of products for values in ('w')",
            feed => feed.Key("id", "region").Columns("stock"));
        Assert.Equal(["""{"op":"insert","keys":[[1, "e"],[2, "w"]]}"""], await scene.ToldAsync("insert into products values (1, 'e'), (2, 'w')"));
        Assert.Equal(["""{"op":"update","columns":["stock"],"keys":[[1, "e"],[2, "w"]]}"""], await scene.ToldAsync("update products set stock = 1"));
        Assert.Equal(["""{"op":"update","columns":["region"],"keys":[[1, "e"],[1, "w"]]}"""], await scene.ToldAsync("update products set region = 'w' where id = 1")); // It moves to the other partition.
        Assert.Equal(["""{"op":"delete","keys":[[1, "w"]]}"""], await scene.ToldAsync("delete from products where id = 1"));
        Assert.Equal(["""{"op":"truncate","all":true}"""], await scene.ToldAsync("truncate products"));
        Assert.Empty(await scene.ToldAsync("insert into products_e values (5, 'e')")); // As documented: directly into a partition.
        Assert.Empty(scene.Warnings);
        Assert.Null(await scene.ProblemAsync());
    }

    [Fact]
    public async Task A_row_that_does_not_arrive_in_its_new_partition_is_told()
    {
        foreach (var watched in new string[][] { [], ["stock"] })
        {
            await using var scene = await FeedScene.CreateAsync(
                server,
                """
                create table products (id int, region text, stock int, primary key (id, region)) partition by list (region);
                create table products_e partition of products for values in ('e'); create table products_w partition of products for values in ('w');
                create function refuse() returns trigger language plpgsql as 'begin return null; end';
                create trigger refuse before insert on products_w for each row execute function refuse();
                insert into products select i, 'e', i from generate_series(1, 3) i
                """,
                feed => feed.Key("id", "region").Columns(watched));
            var told = Assert.Single(await scene.ChangesAsync("update products set region = 'w' where id = 1"))!;
            Assert.Equal(ChangeKey.Of(1, "e"), Assert.Single(told.Keys));
            Assert.Empty(scene.Warnings);
        }
    }

    [Fact]
    public async Task Types_without_equality_and_generated_columns_are_compared()
    {
        const string Table = "create table products (id int primary key, doc json, x xml, at point, tags int[], twice int generated always as (id * 2) stored, dropped int); alter table products drop column dropped; insert into products values (1, '{\"a\": 1}', '<a/>', '(1,1)', '{1}')";
        foreach (var watched in new string[][] { [], ["doc", "x", "at", "tags", "twice"] })
        {
            await using var scene = await FeedScene.CreateAsync(server, Table, feed => feed.Key("id").Columns(watched));
            Assert.Empty(await scene.ToldAsync("update products set doc = '{\"a\": 1}', x = '<a/>', at = '(1,1)', tags = '{1}'"));
            Assert.Equal(["""{"op":"update","columns":["at","doc","tags","x"],"keys":[[1]]}"""], await ToldInOrderAsync(scene, "update products set doc = '{\"a\":1}', x = '<b/>', at = '(1,2)', tags = '{2}'"));
            Assert.Equal(["""{"op":"update","columns":["id","twice"],"keys":[[1],[2]]}"""], await ToldInOrderAsync(scene, "update products set id = 2"));
            Assert.Empty(scene.Warnings);
        }
    }

    [Fact]
    public async Task A_feed_of_all_columns_sees_columns_that_are_added_later()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key, a int)", feed => feed.Key("id"));
        await scene.ToldAsync("insert into products values (1, 1); update products set a = 2");
        Assert.Equal(["""{"op":"update","columns":["b"],"keys":[[1]]}"""], await scene.ToldAsync("alter table products add b int; update products set b = 1"));
        Assert.Equal(["""{"op":"update","columns":["b"],"keys":[[1]]}"""], await scene.ToldAsync("alter table products drop a; update products set b = 2"));
        Assert.Empty(scene.Warnings);
    }

    [Fact]
    public async Task The_script_can_be_run_again_and_its_removal_leaves_nothing()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key)", feed => feed.Key("id"));
        await scene.ExecuteAsync(scene.Feed.Script);
        Assert.Equal(4L, await scene.ScalarAsync<long>("select count(*) from pg_trigger where tgrelid = 'products'::regclass"));
        await scene.ExecuteAsync("alter table products rename to goods");
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        Assert.Equal(0L, await scene.ScalarAsync<long>($"select (select count(*) from pg_trigger where tgrelid = 'goods'::regclass) + (select count(*) from pg_proc where pronamespace = '{scene.Schema}'::regnamespace)"));

        // A function of somebody else's is neither replaced nor dropped.
        await scene.ExecuteAsync("create function products_changes() returns trigger language plpgsql as 'begin return null; end'");
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => scene.ExecuteAsync(scene.Feed.Script));
        Assert.Contains("is not that of a change feed", refused.MessageText, StringComparison.Ordinal);
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        Assert.Equal(1L, await scene.ScalarAsync<long>(string.Create(CultureInfo.InvariantCulture, $"select count(*) from pg_proc where pronamespace = '{scene.Schema}'::regnamespace")));
    }

    private static async Task<string[]> ToldInOrderAsync(FeedScene scene, string sql)
        => [.. (await scene.ChangesAsync(sql)).Select(told => $"{{\"op\":\"update\",\"columns\":[{string.Join(',', told!.Columns.Order(StringComparer.Ordinal).Select(name => $"\"{name}\""))}],\"keys\":[{string.Join(',', told.Keys.Select(key => $"[{key}]"))}]}}")];

    [Fact]
    public async Task A_key_that_many_rows_share_hides_no_other()
    {
        await using var scene = await FeedScene.CreateAsync(
            server, "create table products (shop int, rate int); insert into products select case when i <= 1500 then 1 else i end, 1 from generate_series(1, 1550) i", feed => feed.Key("shop"));
        Assert.Equal(["""{"op":"update","all":true}"""], await scene.ToldAsync("update products set rate = 2"));
        Assert.Equal(["""{"op":"update","columns":["rate"],"keys":[[1]]}"""], await scene.ToldAsync("update products set rate = 3 where shop = 1 and ctid in (select ctid from products where shop = 1 limit 100)"));
    }

    [Fact]
    public async Task A_key_is_the_same_whatever_the_settings_of_the_session_that_writes()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id bytea, took interval, weight double precision, at timestamptz)", feed => feed.Key("id", "took", "weight", "at"));
        const string Insert = "insert into products values ('\\x0102', '36 hours', 0.1::float8 + 0.2, '2026-01-02 03:04:05+00')";
        var plain = Assert.Single(await scene.ToldAsync(Insert));
        await scene.ExecuteAsync("set bytea_output = 'escape'; set intervalstyle = 'iso_8601'; set extra_float_digits = -10; set timezone = 'Asia/Tokyo'");
        var told = Assert.Single(await scene.ToldAsync(Insert));
        Assert.Equal(plain, told);
        Assert.Equal(ChangeKey.Of(new byte[] { 1, 2 }, "36:00:00", "0.30000000000000004", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)), Assert.Single(Changes<FeedShapeTests>.Parse(told).Keys));
    }

    [Fact]
    public async Task A_filter_means_the_same_whatever_the_settings_of_the_session_that_writes()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key, day date)", feed => feed.Key("id").Where("day", "2026-02-01"));
        Assert.Equal(["""{"op":"insert","keys":[[1]]}"""], await scene.ToldAsync("set datestyle = 'German'; insert into products values (1, '2026-02-01'), (2, '2026-02-02')"));
    }

    [Fact]
    public async Task Functions_in_the_search_path_of_the_session_that_writes_are_not_called()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key)", feed => feed.Key("id"));
        await scene.ExecuteAsync($"create function cardinality(text[]) returns int language sql as 'select 5000'; set search_path = {scene.Schema}, pg_catalog");
        Assert.Equal(["""{"op":"insert","keys":[[1]]}"""], await scene.ToldAsync("insert into products values (1)"));
        Assert.Empty(scene.Warnings);
    }

    [Fact]
    public async Task A_script_that_a_tool_has_indented_is_not_of_another_shape()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key)", feed => feed.Key("id"));
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        await scene.ExecuteAsync(string.Join("\r\n", scene.Feed.Script.Split('\n').Select(line => line.Length > 0 ? $"    {line}" : line)));
        Assert.Null(await scene.ProblemAsync());
    }

    [Fact]
    public async Task A_function_of_another_table_s_feed_is_not_taken_over()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key); create table others (id int primary key)", feed => feed.Key("id"));
        var other = ChangeFeed.For(scene.Schema, "others").Key("id").Named("products_changes");
        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => scene.ExecuteAsync(other.Script));
        Assert.Contains("ChangeFeed.Named", error.MessageText, StringComparison.Ordinal);
        Assert.Null(await scene.ProblemAsync());
    }

    [Fact]
    public async Task A_trigger_that_was_there_before_is_not_replaced()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key); create table audit (id int)", feed => feed.Key("id"));
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        await scene.ExecuteAsync("""
            create function write_audit() returns trigger language plpgsql as 'begin insert into audit values (1); return null; end';
            create trigger products_changes_insert after insert on products for each statement execute function write_audit()
            """);
        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => scene.ExecuteAsync(scene.Feed.Script));
        Assert.Contains("begins with products_changes_", error.MessageText, StringComparison.Ordinal);
        await scene.ExecuteAsync("insert into products values (1)");
        Assert.Equal(1L, await scene.ScalarAsync<long>("select count(*) from audit"));

        await scene.ExecuteAsync(scene.Feed.Named("feed").Script);
        Assert.Equal(["""{"op":"insert","keys":[[2]]}"""], await scene.ToldAsync("insert into products values (2)"));
        Assert.Equal(2L, await scene.ScalarAsync<long>("select count(*) from audit"));
    }

    [Fact]
    public async Task The_language_of_the_database_does_not_matter()
    {
        await using var scene = await FeedScene.CreateAsync(server, "create table products (id int primary key)", feed => feed.Key("id"));
        var database = $"t{Guid.NewGuid():n}"[..20];
        try
        {
            // Turkish has an i without a dot, which is the lower case of I.
            await scene.ExecuteAsync($"create database {database} template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' locale 'C'");
        }
        catch (Npgsql.PostgresException e)
        {
            Assert.Skip($"The server has no Turkish: {e.MessageText}");
        }

        await using (var connection = new Npgsql.NpgsqlConnection($"{server.ConnectionString};Database={database};Pooling=false"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            var told = new List<string>();
            connection.Notification += (_, notification) => told.Add(notification.Payload);
            await using var command = new Npgsql.NpgsqlCommand(
                $"create table products (id int primary key); {ChangeFeed.For("products").Key("id").Script} listen \"changes:public.products\"; insert into products values (1)", connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await command.DisposeAsync();
            while (told.Count == 0)
                await connection.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            Assert.Equal(ChangeOperation.Insert, Changes<FeedShapeTests>.Parse(told[0]).Operation);
        }

        await scene.ExecuteAsync($"drop database {database} with (force)");
    }
}
