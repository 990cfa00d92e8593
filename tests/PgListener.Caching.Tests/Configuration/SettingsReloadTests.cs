using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using WebApi.Tests;
using static PgListener.Caching.Tests.Configuration.SettingsScene;

namespace PgListener.Caching.Tests.Configuration;

/// <summary>What an application has when the table changes.</summary>
public sealed class SettingsReloadTests(ServerFixture server)
{
    [Fact]
    public async Task A_change_reaches_options_that_are_monitored()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Shop:Title", "old");
        var configuration = scene.Build();
        await using var services = new ServiceCollection().Configure<Shop>(configuration.GetSection("Shop")).BuildServiceProvider();
        var monitor = services.GetRequiredService<IOptionsMonitor<Shop>>();
        Assert.Equal($"{Secret} old", monitor.CurrentValue.Title);
        var told = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = monitor.OnChange(shop => told.TrySetResult(shop.Title));

        await scene.SetAsync("Shop:Title", "new");

        Assert.Equal($"{Secret} new", await told.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken));
        Assert.Equal("Read 1 settings from table public.app_settings; changed: Shop:Title.", scene.Lines(738)[^1]);
    }

    [Fact]
    public async Task Deleting_and_truncating_remove_settings()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("A", "1");
        await scene.SetAsync("B", "2");
        var configuration = scene.Build();

        await scene.ExecuteAsync("delete from app_settings where key = 'A'");
        await UntilAsync(configuration, "A", null);
        Assert.Equal($"{Secret} 2", configuration["B"]);
        await scene.ExecuteAsync("truncate app_settings");
        await UntilAsync(configuration, "B", null);
    }

    [Fact]
    public async Task A_change_that_was_made_while_the_connection_was_cut_is_there_afterwards()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "old");
        var configuration = scene.Build();

        for (var i = 0; i < 5; i++)
        {
            scene.CutOff();
            await scene.SetAsync("Title", $"new {i}");
            scene.Proxy.Refuses = false;
            await UntilAsync(configuration, "Title", $"new {i}");
        }
    }

    [Fact]
    public async Task Nothing_is_announced_when_a_reading_has_found_nothing_new()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync("create sequence readings; create view counted as select key, value from app_settings, (select nextval('readings') offset 0) n");
        await scene.SetAsync("Title", "same");
        var configuration = scene.Build(options => (options.Table, options.Channel) = ("counted", "counted"));
        var reloads = 0;
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => reloads++);

        scene.Proxy.ResetAll();
        await ReadAsync(2);
        await scene.ExecuteAsync("notify counted");
        await ReadAsync(3);
        await scene.SetAsync("Title", "other");
        await scene.ExecuteAsync("notify counted");
        await UntilAsync(configuration, "Title", "other");

        // The settings are in force a moment before it is announced.
        Assert.Equal(1, await Eventually.GetAsync(() => Task.FromResult(Volatile.Read(ref reloads)), count => count > 0));

        Task<long> ReadAsync(long times) => Eventually.GetAsync(() => scene.QueryAsync<long>("select last_value from readings"), value => value == times);
    }

    [Fact]
    public async Task Changes_that_follow_each_other_closely_are_read_together_and_the_last_one_stays()
    {
        const int changes = 100;
        var delay = TimeSpan.FromMilliseconds(500);
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "0");
        var configuration = scene.Build(options => options.ReloadDelay = delay);
        var reloads = 0;
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => reloads++);
        var watch = Stopwatch.StartNew();

        for (var i = 1; i <= changes; i++)
            await scene.SetAsync("Title", $"{i}");
        await UntilAsync(configuration, "Title", $"{changes}");

        Assert.InRange(reloads, 0, (watch.Elapsed / delay) + 1);
    }

    [Fact]
    public async Task Changes_that_do_not_end_are_read_four_times_a_second_at_most()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync("create sequence readings; create view counted as select key, value from app_settings, (select nextval('readings') offset 0) n");
        await scene.SetAsync("Title", "same");
        _ = scene.Build(options => (options.Table, options.Channel) = ("counted", "counted"));

        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(1.5))
            await scene.ExecuteAsync("notify counted");

        // One at the start, one for the first change.
        Assert.InRange(await scene.QueryAsync<long>("select last_value from readings"), 3, (watch.Elapsed / TimeSpan.FromMilliseconds(250)) + 2);
    }

    [Fact]
    public async Task While_it_cannot_be_read_the_settings_stay_and_it_is_tried_until_it_can()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "old");
        var configuration = scene.Build();

        await scene.ExecuteAsync("alter table app_settings rename to gone; select pg_notify('changes:public.app_settings', '')");
        var line = await scene.LoggedAsync(739);
        Assert.StartsWith("The settings of table public.app_settings cannot be read. 42P01: The table public.app_settings does not exist.", line, StringComparison.Ordinal);
        Assert.Contains("The 1 settings that were read from table public.app_settings at ", line, StringComparison.Ordinal);
        Assert.Equal($"{Secret} old", configuration["Title"]);

        // Nothing notifies of this.
        await scene.ExecuteAsync($"alter table gone disable trigger user; update gone set value = '{Secret} new'; alter table gone enable trigger user; alter table gone rename to app_settings");
        await UntilAsync(configuration, "Title", "new");
        Assert.Single(scene.Lines(739));
    }

    [Fact]
    public async Task The_servers_message_about_a_value_is_not_shown()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync("create view numbers as select key, value::integer as value from app_settings; insert into app_settings values ('A', '1')");
        var configuration = scene.Build(options => (options.Table, options.Channel) = ("numbers", "numbers"));

        await scene.SetAsync("A", "no number");
        await scene.ExecuteAsync("notify numbers");

        Assert.Contains("22P02. The server's message is not shown", await scene.LoggedAsync(739), StringComparison.Ordinal);
        Assert.Equal("1", configuration["A"]);
    }

    [Theory]
    [InlineData("P0001")]
    [InlineData("55000")]
    [InlineData("42501")]
    public async Task What_a_function_of_a_view_says_about_a_value_is_not_shown(string code)
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync(
            $"create function checked(value text) returns text language plpgsql as $$ begin if value <> 'good' then raise 'bad: %', value using errcode = '{code}'; end if; return value; end $$;" +
            "create view numbers as select key, checked(value) as value from app_settings; insert into app_settings values ('A', 'good')");
        var configuration = scene.Build(options => (options.Table, options.Channel) = ("numbers", "numbers"));

        await scene.SetAsync("A", "bad");
        await scene.ExecuteAsync("notify numbers");

        Assert.Contains($"{code}. The server's message is not shown", await scene.LoggedAsync(739), StringComparison.Ordinal);
        Assert.Equal("good", configuration["A"]);
    }

    [Fact]
    public async Task What_reacts_with_an_exception_does_not_keep_others_and_later_changes_away()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Shop:Title", "old");
        var configuration = scene.Build();
        await using var services = new ServiceCollection().AddOptions<Counted>().Bind(configuration.GetSection("Counted")).Services.BuildServiceProvider();
        var monitor = services.GetRequiredService<IOptionsMonitor<Counted>>();
        Assert.Equal(0, monitor.CurrentValue.Count);

        // Its exception quotes the value.
        await scene.SetAsync("Counted:Count", "no number");
        Assert.Contains("InvalidOperationException", await scene.LoggedAsync(744), StringComparison.Ordinal);
        Assert.Equal($"{Secret} no number", configuration["Counted:Count"]);

        await scene.ExecuteAsync("update app_settings set value = '7' where key = 'Counted:Count'");
        await Eventually.GetAsync(() => Task.FromResult(configuration["Counted:Count"] == "7" ? monitor.CurrentValue.Count : 0), count => count == 7);
    }

    [Fact]
    public async Task A_missing_trigger_is_a_line_and_so_is_one_that_is_there_after_the_next_gap()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.SetAsync("Title", "old");
        var configuration = scene.Build();
        Assert.Contains("The change feed of public.app_settings", await scene.LoggedAsync(722), StringComparison.Ordinal);

        await scene.ExecuteAsync(new PostgresConfigurationOptions().Feed.Script);
        scene.Proxy.ResetAll();

        Assert.Equal("The change feed of public.app_settings is in the database again as this application expects it.", await scene.LoggedAsync(723));
        Assert.Single(scene.Lines(722));
        Assert.Equal($"{Secret} old", configuration["Title"]);
    }

    [Fact]
    public async Task Reload_reads_what_nothing_has_notified_of()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.SetAsync("Title", "old");
        var configuration = scene.Build();
        await scene.SetAsync("Title", "new");

        configuration.Reload();
        Assert.Equal($"{Secret} new", configuration["Title"]);

        scene.CutOff();
        configuration.Reload();
        Assert.Equal($"{Secret} new", configuration["Title"]);
        Assert.Single(scene.Lines(739));
    }

    [Fact]
    public async Task Each_of_several_tables_is_followed()
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync($"create schema other; create table other.app_settings (key text primary key, value text); {new PostgresConfigurationOptions { Table = "other.app_settings" }.Feed.Script}");
        var configuration = scene.Build(more: builder => scene.Add(builder, options => options.Table = "other.app_settings"));

        await scene.SetAsync("A", "1");
        await UntilAsync(configuration, "A", "1");
        await scene.ExecuteAsync($"insert into other.app_settings values ('A', '{Secret} 2')");
        await UntilAsync(configuration, "A", "2");
        await scene.ExecuteAsync("delete from other.app_settings");
        await UntilAsync(configuration, "A", "1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposing_of_the_configuration_ends_the_listener_also_from_within_a_reaction(bool isReaction)
    {
        await using var scene = await CreateAsync(server);
        var configuration = scene.Build();
        Assert.NotEqual(0, scene.Proxy.Connections);

        if (isReaction)
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = configuration.GetReloadToken().RegisterChangeCallback(
                _ =>
                {
                    ((IDisposable)configuration).Dispose();
                    ended.SetResult();
                },
                state: null);
            await scene.SetAsync("Title", "new");
            await ended.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        }
        else
        {
            ((IDisposable)configuration).Dispose();
        }

        using var limit = new CancellationTokenSource(Eventually.Limit);
        await scene.Proxy.WhenAsync(proxy => proxy.Connections == 0, limit.Token);
    }

    [Fact]
    public async Task Disposing_of_the_configuration_while_its_triggers_are_checked_does_not_throw()
    {
        await using var scene = await CreateAsync(server);
        var isChecked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var fail = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (sources, opened) = (0, 0);
        var configuration = scene.Build(options => options.ConfigureDataSource = source =>
        {
            if (sources++ == 0)
                source.UsePhysicalConnectionInitializer(_ => { }, _ => ++opened == 2 ? FailAsync() : Task.CompletedTask);
        });
        await isChecked.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        var end = Task.Run(((IDisposable)configuration).Dispose, TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await scene.Proxy.WhenAsync(proxy => proxy.Connections <= 1, limit.Token);
        fail.SetException(new InvalidTimeZoneException());
        await end.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        Task FailAsync()
        {
            isChecked.SetResult();
            return fail.Task;
        }
    }

    private sealed class Shop
    {
        public string? Title { get; set; }
    }

    private sealed class Counted
    {
        [Range(0, 100)]
        public int Count { get; set; }
    }
}
