using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace PgListener.IntegrationTests.ChangeFeeds;

/// <summary>What happens to a feed in the database, what the user's statements notice of it (nothing), and what the application says.</summary>
public sealed class FeedFaultTests(ServerFixture server)
{
    private const string Products = "create table products (id int primary key, name text, price numeric); insert into products values (1, 'a', 1)";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<FeedScene> ProductsAsync(Func<ChangeFeed, ChangeFeed>? feed = null)
        => FeedScene.CreateAsync(server, Products, given => (feed ?? (each => each.Columns("price")))(given.Key("id")));

    [Fact]
    public async Task A_trigger_that_was_dropped_is_named()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("drop trigger products_changes_update on products");
        Assert.Equal(["""{"op":"delete","keys":[[1]]}"""], await scene.ToldAsync("update products set price = 2; delete from products"));
        AssertProblem(await scene.ProblemAsync(), scene, "a trigger is missing: products_changes_update", "Run ChangeFeed.Script");
    }

    [Fact]
    public async Task A_trigger_that_is_disabled_is_named_and_the_script_enables_it()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("alter table products disable trigger all");
        Assert.Empty(await scene.ToldAsync("update products set price = 2"));
        AssertProblem(
            await scene.ProblemAsync(), scene, "a trigger is disabled: products_changes_insert, products_changes_update, products_changes_delete, products_changes_truncate", "ENABLE TRIGGER", "ChangeFeed.Script");
        await scene.ExecuteAsync(scene.Feed.Script);
        Assert.Single(await scene.ToldAsync("update products set price = 3"));
        Assert.Null(await scene.ProblemAsync());
    }

    [Fact]
    public async Task A_function_or_trigger_that_was_replaced_is_of_another_shape()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync(scene.Feed.Columns("name").Script);
        AssertProblem(await scene.ProblemAsync(), scene, "a function of another shape", "products_changes", "Run ChangeFeed.Script");
        await scene.ExecuteAsync(scene.Feed.Script);
        Assert.Null(await scene.ProblemAsync());

        await scene.ExecuteAsync("create or replace trigger products_changes_update after update on products for each statement execute function products_changes()");
        Assert.Equal(["""{"op":"update","all":true}"""], await scene.ToldAsync("update products set price = 4"));
        Assert.Contains("could not tell what has changed", Assert.Single(scene.Warnings), StringComparison.Ordinal);
        AssertProblem(await scene.ProblemAsync(), scene, "a trigger of another shape", "products_changes_update", "Run ChangeFeed.Script");
    }

    [Fact]
    public async Task A_table_that_was_renamed_still_tells_and_is_found()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("alter table products rename to goods");
        Assert.Equal(["""{"op":"update","columns":["price"],"keys":[[1]]}"""], await scene.ToldAsync("update goods set price = 2"));
        AssertProblem(await scene.ProblemAsync(), scene, "there is no such table", $"Its triggers are on {scene.Schema}.goods", "ChangeFeed.Script");
        await scene.ExecuteAsync("drop table goods");
        AssertProblem(await scene.ProblemAsync(), scene, "there is no such table", "ChangeFeed.Script");
    }

    [Fact]
    public async Task A_table_that_was_exchanged_is_noticed_and_what_is_said_helps()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("alter table products rename to former; create table products (like former)");
        AssertProblem(
            await scene.ProblemAsync(), scene, "a trigger is missing: products_changes_insert", $"on {scene.Schema}.former", "run ChangeFeed.RemovalScript and then ChangeFeed.Script");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ExecuteAsync(scene.Feed.Script));
        Assert.Contains("run ChangeFeed.RemovalScript first", refused.MessageText, StringComparison.Ordinal);
        await scene.ExecuteAsync(scene.Feed.RemovalScript + scene.Feed.Script);
        Assert.Null(await scene.ProblemAsync());
        Assert.Equal(["""{"op":"insert","keys":[[2]]}"""], await scene.ToldAsync("insert into products values (2); insert into former values (3)"));
    }

    [Fact]
    public async Task A_watched_column_that_was_dropped_does_not_fail_a_write()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("alter table products drop column price");
        Assert.Equal(["""{"op":"update","all":true}"""], await scene.ToldAsync("update products set name = 'b'"));
        Assert.Equal("b", await scene.ScalarAsync<string>("select name from products"));
        Assert.Contains("price", Assert.Single(scene.Warnings), StringComparison.Ordinal);
        Assert.Equal(["""{"op":"insert","keys":[[2]]}"""], await scene.ToldAsync("insert into products values (2)"));
        AssertProblem(await scene.ProblemAsync(), scene, "columns that the table does not have: price", "run ChangeFeed.Script");
    }

    [Fact]
    public async Task A_feed_that_was_never_installed_is_named_with_its_remedy()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync(scene.Feed.RemovalScript);
        AssertProblem(await scene.ProblemAsync(), scene, "the function products_changes and its triggers are missing", "Run ChangeFeed.Script");
    }

    [Fact]
    public async Task A_prefix_that_the_trigger_does_not_have_is_another_shape()
    {
        await using var scene = await ProductsAsync();
        AssertProblem(await scene.ProblemAsync(prefix: "test:"), scene, "another shape", $"'test:{scene.Feed.ChannelName}'", ".ChannelPrefix(\"test:\")");
        await scene.ExecuteAsync(scene.Feed.ChannelPrefix("test:").Script);
        Assert.Null(await scene.ProblemAsync(prefix: "test:"));
        AssertProblem(await scene.ProblemAsync(), scene, "another shape", "Run ChangeFeed.Script");
    }

    [Fact]
    public async Task A_prefix_that_only_the_feed_has_is_named_with_what_helps()
    {
        await using var scene = await ProductsAsync();
        var feed = scene.Feed.ChannelPrefix("test:");
        AssertProblem(await scene.ProblemAsync(feed, prefix: "test:"), scene, "another shape", "Run ChangeFeed.Script");
        await scene.ExecuteAsync(feed.Script);
        AssertProblem(await scene.ProblemAsync(feed), scene, "another shape", $"'test:{scene.Feed.ChannelName}'", "The listener has no ChannelPrefix. Set it to 'test:', or remove .ChannelPrefix(…) from the feed");
        AssertProblem(await scene.ProblemAsync(feed, prefix: "live:"), scene, "another shape", $"listens to 'live:{scene.Feed.ChannelName}'", ".ChannelPrefix(\"live:\")");
        Assert.Null(await scene.ProblemAsync(feed, prefix: "test:"));
    }

    [Fact]
    public async Task A_role_that_may_only_write_to_the_table_is_told_of_and_can_do_no_more()
    {
        await using var scene = await ProductsAsync();
        var role = $"w{Guid.NewGuid():n}"[..20];
        await scene.ExecuteAsync($"create role {role}; grant usage on schema {scene.Schema} to {role}; grant insert, update on products to {role}");
        try
        {
            Assert.Single(await scene.ToldAsync($"set role {role}; insert into products values (2)"));
            Assert.Empty(scene.Warnings);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ExecuteAsync(scene.Feed.Script));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
            refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ExecuteAsync($"create temp table mine (id int); create trigger t after insert on mine for each statement execute function {scene.Schema}.products_changes()"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        finally
        {
            await scene.ExecuteAsync($"reset role; revoke all on products from {role}; revoke all on schema {scene.Schema} from {role}; drop role {role}");
        }
    }

    [Fact]
    public async Task A_logical_restore_brings_the_feed_or_its_absence_is_noticed()
    {
        await using var scene = await ProductsAsync();
        var (whole, bare) = ($"r{Guid.NewGuid():n}"[..20], $"r{Guid.NewGuid():n}"[..20]);
        await scene.ExecuteAsync($"create database {whole}");
        await scene.ExecuteAsync($"create database {bare}");
        await RestoreAsync(scene, whole, "");
        await RestoreAsync(scene, bare, "--section=pre-data --section=data");

        Assert.Null(await ProblemInAsync(scene, whole));
        var problem = await ProblemInAsync(scene, bare);
        Assert.Contains($"in the database '{bare}'", problem, StringComparison.Ordinal);
        Assert.Contains("products_changes_insert, products_changes_update, products_changes_delete, products_changes_truncate", problem, StringComparison.Ordinal);
        foreach (var database in new[] { whole, bare })
            await scene.ExecuteAsync($"drop database {database} with (force)");
    }

    [Fact]
    public async Task A_problem_degrades_the_health_until_a_check_finds_that_it_is_gone()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("drop trigger products_changes_update on products");
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddPgListener(options => options.ReconnectDelay = TimeSpan.FromMilliseconds(50)).AddChangeFeed<FeedScene>(scene.Feed);
        host.Services.AddHealthChecks().AddPgListener();
        await host.StartAsync();
        await host.WhenLoggedAsync(725);
        var report = await host.Host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("products_changes_update", report.Entries["pglistener"].Description, StringComparison.Ordinal);

        // After a reconnect it is checked again, and said once.
        await server.TerminateAsync(host.Listener.Status.ProcessId!.Value);
        await host.WhenLoggedAsync(725, times: 2);
        Assert.Single(host.Lines(722));
        await scene.ExecuteAsync(scene.Feed.Script);
        await server.TerminateAsync(await ProcessOfAsync(host));
        await host.WhenLoggedAsync(723);
        report = await host.Host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        Assert.DoesNotContain("products_changes", report.Entries["pglistener"].Description ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_that_is_dropped_meanwhile_is_noticed_and_what_was_missed_is_announced_when_it_is_back()
    {
        await using var scene = await ProductsAsync();
        var told = new Received<ResyncReason>();
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddPgListener(options => options.ProveDeliveryInterval = options.KeepAlive = TimeSpan.FromSeconds(1)).AddChangeFeed<FeedScene>(scene.Feed)
            .AddHandler<Changes<FeedScene>>((_, _) => Task.CompletedTask, handler => handler.OnResync = (resync, _, _) =>
            {
                told.Add(resync.Reason);
                return Task.CompletedTask;
            });
        await host.StartAsync();
        Assert.Equal(ResyncReason.Started, await told.NextAsync());
        await host.WhenLoggedAsync(725);
        await scene.ExecuteAsync("drop trigger products_changes_update on products");
        await host.WhenLoggedAsync(722);
        Assert.Empty(await scene.ToldAsync("update products set price = 2"));

        await scene.ExecuteAsync(scene.Feed.Script);
        Assert.Equal(ResyncReason.Everything, await told.NextAsync());
        await host.WhenLoggedAsync(723);

        // No check sees this: it is one transaction.
        await scene.ExecuteAsync("alter table products disable trigger user; update products set price = 3; alter table products enable trigger user");
        Assert.Equal(ResyncReason.Everything, await told.NextAsync());
        await host.WhenLoggedAsync(723, times: 2);
        await host.WhenLoggedAsync(725, times: host.Lines(725).Length + 2);
        Assert.Equal((1, 2), (host.Lines(722).Length, host.Lines(723).Length));
    }

    [Fact]
    public async Task A_data_source_that_cannot_read_arrays_is_enough_for_the_check()
    {
        await using var scene = await ProductsAsync();
        await scene.ExecuteAsync("alter table products drop column price; drop trigger products_changes_update on products");
        await using var dataSource = new NpgsqlSlimDataSourceBuilder(scene.ConnectionString).Build();
        Assert.Contains("columns that the table does not have: price", await ProblemAsync(), StringComparison.Ordinal);
        await scene.ExecuteAsync("alter table products add column price numeric");
        Assert.Contains("a trigger is missing: products_changes_update", await ProblemAsync(), StringComparison.Ordinal);
        await scene.ExecuteAsync(scene.Feed.Script);
        Assert.Null(await ProblemAsync());

        async Task<string?> ProblemAsync()
        {
            await using var host = new TestHost(scene.ConnectionString);
            host.Services.AddPgListener().UseDataSource(_ => dataSource).AddChangeFeed<FeedScene>(scene.Feed);
            await host.StartAsync();
            await host.WhenLoggedAsync(725);
            return host.Lines(722).SingleOrDefault();
        }
    }

    private static async Task<int> ProcessOfAsync(TestHost host)
    {
        await host.Listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
        return host.Listener.Status.ProcessId!.Value;
    }

    private static void AssertProblem(string? problem, FeedScene scene, params string[] parts)
    {
        Assert.NotNull(problem);
        Assert.StartsWith($"The change feed of {scene.Schema}.products on channel '{scene.Feed.ChannelName}', in the database '", problem, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, problem, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', problem);
    }

    private static async Task<string?> ProblemInAsync(FeedScene scene, string database)
    {
        await using var host = new TestHost(new NpgsqlConnectionStringBuilder(scene.ConnectionString) { Database = database }.ConnectionString);
        host.Services.AddPgListener().AddChangeFeed<FeedScene>(scene.Feed);
        await host.StartAsync();
        await host.WhenLoggedAsync(725);
        return host.Lines(722).SingleOrDefault();
    }

    private static async Task RestoreAsync(FeedScene scene, string database, string sections)
    {
        var from = new NpgsqlConnectionStringBuilder(scene.ConnectionString);
        var connection = $"-h {from.Host} -p {from.Port} -U {from.Username}";
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"set -e; pg_dump {connection} -d {from.Database} -Fc -n {scene.Schema} {sections} | pg_restore {connection} -d {database}"])
        {
            Environment = { ["PGPASSWORD"] = from.Password },
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.SkipWhen(process.ExitCode == 127 || errors.Contains("server version mismatch", StringComparison.Ordinal), "pg_dump of this server's version is not installed.");
        Assert.True(process.ExitCode == 0, errors);
    }
}
