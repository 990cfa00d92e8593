using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using WebApi.Tests;
using static PgListener.Caching.Tests.Configuration.SettingsScene;

namespace PgListener.Caching.Tests.Configuration;

/// <summary>How an application starts, with the database and without it.</summary>
public sealed class SettingsStartTests(ServerFixture server)
{
    [Fact]
    public async Task A_change_that_is_made_while_it_is_read_for_the_first_time_is_not_missed()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.SetAsync("Title", "old");

        // A view that waits, after the query has got its snapshot.
        await scene.ExecuteAsync("create view waiting as select s.key, s.value from app_settings s, (select pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1) offset 0) w");
        await using var holder = await scene.OpenAsync();
        await ExecuteAsync("select pg_advisory_lock(1)", holder);
        var building = Task.Run(() => scene.Build(options => (options.Table, options.Channel) = ("waiting", "waiting")), TestContext.Current.CancellationToken);
        await Eventually.GetAsync(() => scene.QueryAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted"), waiting => waiting == 1);

        await scene.SetAsync("Title", "new");
        await scene.ExecuteAsync("notify waiting");
        await ExecuteAsync("select pg_advisory_unlock(1)", holder);

        await UntilAsync(await building, "Title", "new");
    }

    [Fact]
    public async Task It_is_read_once_at_a_start()
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync("create sequence readings; create view counted as select key, value from app_settings, (select nextval('readings') offset 0) n");
        await scene.SetAsync("Title", "old");
        var configuration = scene.Build(options => (options.Table, options.Channel) = ("counted", "counted"));

        await scene.SetAsync("Title", "new");
        await scene.ExecuteAsync("notify counted");
        await UntilAsync(configuration, "Title", "new");

        Assert.Equal(2, await scene.QueryAsync<long>("select last_value from readings"));
    }

    [Fact]
    public async Task Without_the_database_a_required_table_fails_the_start_and_says_what_to_do()
    {
        await using var scene = await CreateAsync(server);
        scene.CutOff();

        var error = Assert.Throws<InvalidOperationException>(() => scene.Build());

        Assert.StartsWith("The settings of table public.app_settings cannot be read, so the application cannot start. ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("set LastKnownFile or Optional.", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.InnerException);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await scene.Proxy.WhenAsync(proxy => proxy.Connections == 0, limit.Token);
    }

    [Theory]
    [InlineData("alter table app_settings rename to gone", "42P01: The table public.app_settings does not exist. Create it, or set Table.")]
    [InlineData("alter table app_settings rename value to content", "Set KeyColumn, ValueColumn and Where to columns of the table.")]
    public async Task Without_the_table_or_a_column_the_start_fails(string sql, string message)
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync(sql);

        Assert.Contains(message, Assert.Throws<InvalidOperationException>(() => scene.Build()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_fails_the_start_in_time()
    {
        await using var scene = await CreateAsync(server);
        scene.Proxy.Stalls = true;

        var error = Assert.Throws<InvalidOperationException>(() => scene.Build(options => options.StartupTimeout = TimeSpan.FromMilliseconds(300)));

        Assert.Contains("It took longer than StartupTimeout (00:00:00.3000000).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_database_an_optional_table_is_empty_and_follows()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "there");
        scene.CutOff();

        var configuration = scene.Build(options => options.Optional = true, builder => builder.AddInMemoryCollection([new("Other", "memory")]));
        Assert.Equal((null, "memory"), (configuration["Title"], configuration["Other"]));
        Assert.Contains("None of its settings are in force.", Assert.Single(scene.Lines(739)), StringComparison.Ordinal);

        scene.Proxy.Refuses = false;
        await UntilAsync(configuration, "Title", "there");
    }

    [Fact]
    public async Task An_optional_table_that_does_not_exist_yet_follows_when_it_does()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "there");
        await scene.ExecuteAsync("alter table app_settings rename to gone");

        var configuration = scene.Build(options => options.Optional = true);
        Assert.Null(configuration["Title"]);
        await scene.LoggedAsync(740); // It was tried again, and nothing notifies of this.
        await scene.ExecuteAsync("alter table gone rename to app_settings");

        await UntilAsync(configuration, "Title", "there");
    }

    [Fact]
    public async Task A_reading_that_has_failed_is_repeated_by_time_also_while_nothing_listens()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "there");
        await scene.ExecuteAsync("alter table app_settings rename to gone");
        var time = new FakeTimeProvider();
        var sources = 0;
        var configuration = scene.Build(options =>
        {
            options.Optional = true;
            options.Listener.TimeProvider = time;
            options.ConfigureDataSource = source =>
            {
                if (sources++ > 0)
                    source.ConnectionStringBuilder.Port = 1; // The listener cannot connect; the table can be read.
            };
        });
        await PassAsync(() => scene.Lines(740).Length > 0);

        await scene.ExecuteAsync("alter table gone rename to app_settings");
        await PassAsync(() => configuration["Title"] == $"{Secret} there");

        Task<bool> PassAsync(Func<bool> isDone) => Eventually.GetAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(30));
                return Task.FromResult(isDone());
            },
            done => done);
    }

    [Fact]
    public async Task Without_the_database_the_application_starts_with_the_last_known_settings_and_follows()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "first");
        using (var before = (IDisposable)scene.Build(options => options.LastKnownFile = scene.File))
        {
            await scene.SetAsync("Title", "last");
            await UntilAsync((IConfiguration)before, "Title", "last");
        }

        scene.CutOff();
        await scene.SetAsync("Title", "missed");
        var configuration = scene.Build(options => options.LastKnownFile = scene.File);
        Assert.Equal($"{Secret} last", configuration["TITLE"]);
        Assert.Contains($"starts with 1 settings that were read at ", Assert.Single(scene.Lines(741)), StringComparison.Ordinal);

        scene.Proxy.Refuses = false;
        await UntilAsync(configuration, "Title", "missed");
        await Eventually.GetAsync(() => File.ReadAllTextAsync(scene.File, TestContext.Current.CancellationToken), text => text.Contains("missed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_file_is_for_its_owner_only_and_replaced_as_a_whole()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "first");
        await File.WriteAllTextAsync(scene.File, "old", TestContext.Current.CancellationToken);
        var configuration = scene.Build(options => options.LastKnownFile = scene.File);

        using var reader = File.OpenRead(scene.File);
        await scene.SetAsync("Title", "second");
        await UntilAsync(configuration, "Title", "second");

        using var old = JsonDocument.Parse(reader);
        Assert.Equal($"{Secret} first", old.RootElement.GetProperty("Settings").GetProperty("Title").GetString());
        Assert.Contains("second", await File.ReadAllTextAsync(scene.File, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal([scene.File], Directory.GetFiles(Path.GetDirectoryName(scene.File)!));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(scene.File));
    }

    [Fact]
    public async Task What_a_crash_has_left_beside_the_file_is_deleted_at_the_next_start_and_nothing_else()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "first");
        string[] others = [$"{scene.File}.tmp", $"{scene.File}.backup.tmp", $"{scene.File}.0123456789abcdef0123456789abcdef.old"];
        foreach (var file in (string[])[.. others, $"{scene.File}.0123456789abcdef0123456789abcdef.tmp"])
            await File.WriteAllTextAsync(file, Secret, TestContext.Current.CancellationToken);

        scene.Build(options => options.LastKnownFile = scene.File);

        Assert.Equal(
            ((string[])[.. others, scene.File]).Order(StringComparer.Ordinal),
            Directory.GetFiles(Path.GetDirectoryName(scene.File)!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "Could not find")]
    [InlineData("{ \"Settings\": { \"A\": \"s3cr3t\"", "it is damaged")]
    [InlineData("{}", "it is damaged")]
    [InlineData("{ \"Source\": \"another table\", \"ReadAt\": \"2026-01-01T00:00:00Z\", \"Settings\": {} }", "it has the settings of another table")]
    public async Task Without_the_database_a_file_that_cannot_be_used_fails_the_start(string? content, string reason)
    {
        await using var scene = await CreateAsync(server);
        if (content is not null)
            await File.WriteAllTextAsync(scene.File, content, TestContext.Current.CancellationToken);
        scene.CutOff();

        var error = Assert.Throws<InvalidOperationException>(() => scene.Build(options => options.LastKnownFile = scene.File));

        Assert.Contains($"The file {scene.File} cannot be used either: {reason}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_a_line_and_nothing_else()
    {
        await using var scene = await CreateAsync(server);
        await scene.SetAsync("Title", "first");

        var configuration = scene.Build(options => options.LastKnownFile = Path.Combine(scene.File, "no folder", "file"));

        Assert.Equal($"{Secret} first", configuration["Title"]);
        Assert.Contains("cannot be written", Assert.Single(scene.Lines(742)), StringComparison.Ordinal);
    }
}
