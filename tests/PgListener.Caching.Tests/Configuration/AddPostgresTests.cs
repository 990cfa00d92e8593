using Microsoft.Extensions.Configuration;
using static PgListener.Caching.Tests.Configuration.SettingsScene;

namespace PgListener.Caching.Tests.Configuration;

/// <summary>What an application reads.</summary>
public sealed class AddPostgresTests(ServerFixture server)
{
    [Fact]
    public async Task Rows_are_settings_with_sections_and_keys_in_any_case()
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync("insert into app_settings values ('Shop:Title', 'Corner'), ('shop:Items:0', 'a'), ('Shop:Items:1', 'b'), ('Empty', null)");

        var configuration = scene.Build();

        Assert.Equal(("Corner", "Corner"), (configuration["Shop:Title"], configuration["SHOP:title"]));
        Assert.Equal(["a", "b"], configuration.GetSection("Shop:Items").Get<string[]>()!);
        Assert.Null(configuration["Empty"]);
        Assert.Contains("Shop", configuration.GetChildren().Select(child => child.Key));
        Assert.Contains("PostgreSQL table public.app_settings", configuration.GetDebugView(_ => ""), StringComparison.Ordinal);
        Assert.Equal("Read 4 settings from table public.app_settings.", Assert.Single(scene.Lines(738)));
    }

    [Fact]
    public async Task A_later_source_overrides_an_earlier_one()
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync("create schema other; create table other.app_settings (key text, value text); insert into other.app_settings values ('A', 'other'), ('B', 'other')");
        await scene.ExecuteAsync("insert into app_settings values ('A', 'first'), ('B', 'first'), ('C', 'first')");

        var configuration = scene.Build(more: builder =>
        {
            scene.Add(builder, options => options.Table = "other.app_settings");
            builder.AddInMemoryCollection([new("B", "memory")]);
        });

        Assert.Equal(("other", "memory", "first"), (configuration["A"], configuration["B"], configuration["C"]));
    }

    [Fact]
    public async Task Names_prefix_and_further_columns_say_what_is_read()
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync(
            """
            create schema "My Shop";
            create table "My Shop"."The ""Big"" One" ("Name" varchar(50), "Its Value" jsonb, "Stage" text);
            insert into "My Shop"."The ""Big"" One" values ('Web:Port', '80', 'live'), ('web:HOST', '{"a": 1}', 'live'), ('Web:Port', '81', 'test'), ('Jobs:Port', '82', 'live'), ('Web:', '83', 'live'), (null, '84', 'live');
            """);

        var configuration = scene.Build(options =>
        {
            options.Table = "\"My Shop\".\"The \"\"Big\"\" One\"";
            options.KeyColumn = "Name";
            options.ValueColumn = "Its Value";
            options.Prefix = "Web:";
            options.Where["Stage"] = "live";
        });

        Assert.Equal([new("HOST", "{\"a\": 1}"), new("Port", "80")], configuration.AsEnumerable().OrderBy(setting => setting.Key, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Info:", "INFO:Title")]
    [InlineData("info:", "Info:Title")]
    [InlineData("Größen:", "GRÖßEN:Title")]
    public async Task A_prefix_is_found_in_upper_and_lower_case_whatever_the_language_of_the_database(string prefix, string key)
    {
        await using var scene = await CreateAsync(server, hasTrigger: false);
        await scene.ExecuteAsync($"create table turkish (key text collate \"tr-x-icu\", value text); insert into turkish values ('{key}', 'found')");

        var configuration = scene.Build(options => (options.Table, options.Prefix) = ("public.turkish", prefix));

        Assert.Equal("found", configuration["Title"]);
    }

    [Fact]
    public async Task Of_two_keys_that_differ_in_case_only_the_last_one_counts_and_a_line_says_so()
    {
        await using var scene = await CreateAsync(server);
        await scene.ExecuteAsync("insert into app_settings values ('a', 'lower'), ('A', 'upper')");

        Assert.Equal("lower", scene.Build()["A"]);
        Assert.Contains("the last one counts: a.", Assert.Single(scene.Lines(743)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_builder_that_is_built_later_reads_it_then()
    {
        await using var scene = await CreateAsync(server);
        var builder = new ConfigurationBuilder();
        scene.Add(builder);
        await scene.SetAsync("Title", "late");

        var configuration = builder.Build();
        using var end = (IDisposable)configuration;

        Assert.Equal($"{Secret} late", configuration["Title"]);
        await scene.SetAsync("Title", "later");
        await UntilAsync(configuration, "Title", "later");
    }

    [Theory]
    [InlineData("Table", "name of a table")]
    [InlineData("KeyColumn", "KeyColumn must not be empty.")]
    [InlineData("StartupTimeout", "StartupTimeout must be from")]
    [InlineData("Listener", "Listener.KeepAlive must be from")]
    public void Wrong_options_are_refused_by_name(string option, string message)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => new ConfigurationManager().AddPostgres("Host=127.0.0.1", options =>
        {
            switch (option)
            {
                case "Table": options.Table = "a.b.c"; break;
                case "KeyColumn": options.KeyColumn = " "; break;
                case "StartupTimeout": options.StartupTimeout = TimeSpan.Zero; break;
                default: options.Listener.KeepAlive = TimeSpan.Zero; break;
            }
        }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_connection_string_is_refused_without_its_value()
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => new ConfigurationManager().AddPostgres("Host=127.0.0.1;Password=s3cr3t;Hots=x"));
        Assert.DoesNotContain("s3cr3t", error.ToString(), StringComparison.Ordinal);
    }
}
