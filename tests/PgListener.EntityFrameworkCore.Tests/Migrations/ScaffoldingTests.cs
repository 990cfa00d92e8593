using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

/// <summary>The migrations that are written for feeds, and what they do.</summary>
public partial class ScaffoldingTests(ServerFixture server)
{
    private const string Triggers = """
        select coalesce(string_agg(t.tgname || ' on ' || t.tgrelid::regclass, ', ' order by t.tgname collate "C" desc), '')
        from pg_trigger t where not t.tgisinternal and t.tgname like '%_update'
        """;

    private const string Functions = "select coalesce(string_agg(proname, ', ' order by proname collate \"C\" desc), '') from pg_proc where prosrc like '%PgListener change feed%'";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Feeds_are_added_changed_renamed_and_removed()
    {
        var history = new History(await server.CreateDatabaseAsync());

        // No feed yet.
        Assert.DoesNotContain("ChangeFeed", history.Add(1, "Create"), StringComparison.Ordinal);

        var added = history.Add(2, "AddFeeds");
        Assert.Equal(
            """
            migrationBuilder.CreateChangeFeed(
                table: "animals",
                feed: feed => feed.Key("Id").Where("Discriminator", "Cat").Channel("the \"cats\""));

            migrationBuilder.CreateChangeFeed(
                schema: "Shop",
                table: "Products",
                feed: feed => feed.Key("Id").Columns("Price"));
            """,
            Body(added, "Up"));
        Assert.Equal(
            """
            migrationBuilder.DropChangeFeed(
                table: "animals",
                name: "animals_Cat_changes");

            migrationBuilder.DropChangeFeed(
                schema: "Shop",
                table: "Products");
            """,
            Body(added, "Down"));
        await history.MigrateAsync();
        Assert.Equal("animals_Cat_changes_update on animals, Products_changes_update on \"Shop\".\"Products\"", await history.QueryAsync(Triggers));
        Assert.Equal("changes:Shop.Products {\"op\":\"insert\",\"keys\":[[\"00000000-0000-0000-0000-000000000001\"]]}", await history.HeardAsync(
            "insert into \"Shop\".\"Products\" (\"Id\", \"Name\", \"Price\") values ('00000000-0000-0000-0000-000000000001', 'tea', 1)"));

        // Of the changed feed, a column has another name too.
        var changed = history.Add(3, "ChangeFeed");
        Assert.StartsWith("migrationBuilder.RenameColumn(", Body(changed, "Up"), StringComparison.Ordinal);
        Assert.EndsWith(
            """
            migrationBuilder.CreateChangeFeed(
                schema: "Shop",
                table: "Products",
                feed: feed => feed.Key("Id").Columns("Cost", "Size_Width").Include("Name").MaxKeys(50));
            """,
            Body(changed, "Up"),
            StringComparison.Ordinal);
        Assert.EndsWith("feed: feed => feed.Key(\"Id\").Columns(\"Price\"));", Body(changed, "Down"), StringComparison.Ordinal);
        Assert.DoesNotContain("animals", changed, StringComparison.Ordinal);

        var renamed = Body(history.Add(4, "RenameTable"), "Up");
        Assert.StartsWith("migrationBuilder.DropChangeFeed(\n    table: \"animals\"", renamed, StringComparison.Ordinal);
        Assert.True(
            renamed.IndexOf("DropChangeFeed(\n    schema: \"Shop\",\n    table: \"Products\"", StringComparison.Ordinal) is var dropped and >= 0
            && renamed.IndexOf("RenameTable(", StringComparison.Ordinal) is var moved && dropped < moved
            && renamed.IndexOf("CreateChangeFeed(\n    schema: \"Shop\",\n    table: \"Goods\"", StringComparison.Ordinal) > moved,
            renamed);
        await history.MigrateAsync();
        Assert.Equal("Goods_changes_update on \"Shop\".\"Goods\"", await history.QueryAsync(Triggers));
        Assert.Equal("", await history.HeardAsync("update \"Shop\".\"Goods\" set \"Name\" = 'green tea'"));
        Assert.Equal(
            "changes:Shop.Goods {\"op\":\"update\",\"columns\":[\"Cost\"],\"keys\":[[\"00000000-0000-0000-0000-000000000001\"]],\"values\":[{\"Name\" : \"green tea\"}]}",
            await history.HeardAsync("update \"Shop\".\"Goods\" set \"Cost\" = 2"));

        var removed = Body(history.Add(5, "RemoveFeeds"), "Up");
        Assert.StartsWith("migrationBuilder.DropChangeFeed(\n    schema: \"Shop\",\n    table: \"Goods\");", removed, StringComparison.Ordinal);
        Assert.EndsWith("migrationBuilder.DropTable(\n    name: \"animals\");", removed, StringComparison.Ordinal);
        await history.MigrateAsync();
        Assert.Equal("", await history.QueryAsync(Functions));

        // And all the way back.
        await history.MigrateAsync("AddFeeds");
        Assert.Equal("animals_Cat_changes_update on animals, Products_changes_update on \"Shop\".\"Products\"", await history.QueryAsync(Triggers));
        await history.MigrateAsync("0");
        Assert.Equal("", await history.QueryAsync(Functions));

        await history.RunIdempotentScriptTwiceAsync("AddFeeds");
        Assert.Equal("animals_Cat_changes, Products_changes", await history.QueryAsync(Functions));
        await history.RunIdempotentScriptTwiceAsync(null);
        Assert.Equal("", await history.QueryAsync(Functions));
    }

    [Fact]
    public async Task The_check_at_start_finds_nothing_wrong_after_an_idempotent_script()
    {
        // Entity Framework Core indents each line of such a script.
        var history = new History(await server.CreateDatabaseAsync());
        history.Add(2, "Create");
        await history.RunIdempotentScriptTwiceAsync(null);
        Assert.StartsWith("2 change feed(s) were checked in the database, and 0 of them", await history.CheckAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_services_of_the_package_migrations_contain_the_script()
    {
        var history = new History(await server.CreateDatabaseAsync(), findsServices: false);
        var added = history.Add(2, "Create");
        Assert.DoesNotContain("CreateChangeFeed(\n", Body(added, "Up").Replace(".Annotation(\"PgListener:Code\", \"CreateChangeFeed(", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("migrationBuilder.Sql(\"-- The change feed of public.animals", Body(added, "Up"), StringComparison.Ordinal);
        await history.MigrateAsync();
        Assert.Equal("animals_Cat_changes, Products_changes", await history.QueryAsync(Functions));
    }

    [Fact]
    public async Task A_database_created_without_migrations_has_the_feeds()
    {
        var connectionString = await server.CreateDatabaseAsync();
        await using var db = new FeedContext(connectionString, 2);
        await db.Database.EnsureCreatedAsync(Cancellation);
        Assert.Equal("animals_Cat_changes, Products_changes", await new History(connectionString).QueryAsync(Functions));
    }

    /// <summary>What tells one payload from an equal one.</summary>
    [GeneratedRegex("\"at\":[0-9]+,", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();

    /// <summary>The statements of a method, without their indentation.</summary>
    private static string Body(string code, string method)
    {
        var lines = code.ReplaceLineEndings("\n").Split('\n');
        var start = Array.FindIndex(lines, line => line.Contains($"void {method}(", StringComparison.Ordinal)) + 2;
        var end = Array.IndexOf(lines, "        }", start);
        return string.Join('\n', lines[start..end].Select(line => line.Length > 12 ? line[12..] : "")).Trim();
    }

    /// <summary>The migrations of an application, and its database.</summary>
    private sealed class History(string connectionString, bool findsServices = true)
    {
        private readonly List<string> _sources = [];
        private Assembly? _migrations;
        private int _version;

        /// <summary>Writes the migration to a version of the model.</summary>
        public string Add(int version, string name)
        {
            _version = version;
            using (var before = Open())
                Assert.True(before.Database.HasPendingModelChanges());
            using var db = Open();
            var migration = Tools.AddMigration(db, name, findsServices);
            _sources.AddRange([migration.MigrationCode, migration.MetadataCode]);
            _migrations = Tools.Compile([.. _sources, migration.SnapshotCode]);
            using var after = Open();
            Assert.False(after.Database.HasPendingModelChanges());
            return migration.MigrationCode.ReplaceLineEndings("\n");
        }

        public async Task MigrateAsync(string? target = null)
        {
            await using var db = Open();
            await db.Database.MigrateAsync(target, Cancellation);
        }

        public async Task RunIdempotentScriptTwiceAsync(string? target)
        {
            await using var db = Open();
            var script = db.GetService<IMigrator>().GenerateScript(toMigration: target, options: MigrationsSqlGenerationOptions.Idempotent);
            await QueryAsync(script);
            await QueryAsync(script);
        }

        /// <summary>Starts an application with the feeds.</summary>
        /// <returns>What it logs when it has checked them.</returns>
        public async Task<string> CheckAsync()
        {
            var result = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.SetMinimumLevel(LogLevel.Debug).AddFakeLogging(options =>
            {
                options.OutputFormatter = record => record.Message;
                options.OutputSink = line =>
                {
                    if (line.Contains("were checked in the database", StringComparison.Ordinal))
                        result.TrySetResult(line);
                };
            });
            builder.Services.AddScoped(_ => Open());
            builder.Services.AddPgListener(connectionString: connectionString).AddChangeFeeds<FeedContext>();
            using var host = builder.Build();
            await host.StartAsync(Cancellation);
            var line = await result.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
            await host.StopAsync(Cancellation);
            return line;
        }

        public async Task<string?> QueryAsync(string sql)
        {
            await using var connection = await ConnectAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(Cancellation) as string;
        }

        /// <summary>Runs a statement.</summary>
        /// <returns>What it has notified.</returns>
        public async Task<string> HeardAsync(string sql)
        {
            await using var connection = await ConnectAsync();
            var heard = new List<string>();
            connection.Notification += (_, e) => heard.Add($"{e.Channel} {Time().Replace(e.Payload, "")}");
            await using var listen = new NpgsqlCommand("listen \"changes:Shop.Products\"; listen \"changes:Shop.Goods\"", connection);
            await listen.ExecuteNonQueryAsync(Cancellation);

            // A session's own notifications come before the answer to the next statement.
            await using var statement = new NpgsqlCommand(sql, connection);
            await statement.ExecuteNonQueryAsync(Cancellation);
            await using var next = new NpgsqlCommand("select 1", connection);
            await next.ExecuteNonQueryAsync(Cancellation);
            return string.Join('\n', heard);
        }

        private FeedContext Open() => new(connectionString, _version, _migrations);

        private async Task<NpgsqlConnection> ConnectAsync()
        {
            var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(Cancellation);
            return connection;
        }
    }
}
