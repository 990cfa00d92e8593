using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NJsonSchema;

namespace PgListener.UnitTests.Configuration;

/// <summary>The JSON schema that editors complete appsettings.json by.</summary>
public class SchemaTests
{
    private static readonly string SchemaFile = Repository.PathOf("src/PgListener.Hosting/ConfigurationSchema.json");

    public static TheoryData<string> Right => new()
    {
        "{}",
        """{ "PgListener": {} }""",
        """{ "PgListener": { "KeepAlive": "00:00:05", "QueueCapacity": 1, "FullQueueMode": "KeepLatest", "ProveDelivery": false, "ConnectionName": "Other" } }""",
        """{ "PgListener": { "QueueCapacityBytes": 9223372036854775807, "StartupTimeout": "0:00:20", "ReconnectDelay": "00:00:00.2" } }""",
        """{ "PgListener": { "Handlers": { "AHandler": { "MaxConcurrency": 10000, "Timeout": "00:05", "FullQueueMode": "Drop" } } } }""",
        """{ "PgListener": { "orders": { "ConnectionString": "Host=h", "Handlers": { "AHandler": { "QueueCapacity": 100000000 } } } }, "Logging": {} }""",
        """{ "PgListener": { "Durable": { "CreateSchema": true, "MaxAge": "1.00:00:00" }, "orders": { "Durable": { "PageSize": 10000 } } } }""",
        """{ "PgListener": { "Handlers": { "ADurableHandler": { "Durable": { "Mode": "PerInstance", "StartFrom": "Now", "Shards": 4, "OnFailure": "Block" } } } } }""",
    };

    public static TheoryData<string> Wrong => new()
    {
        """{ "PgListener": { "QueueCapacity": 0 } }""",
        """{ "PgListener": { "QueueCapacity": 100000001 } }""",
        """{ "PgListener": { "QueueCapacity": "many" } }""",
        """{ "PgListener": { "QueueCapacityBytes": 0 } }""",
        """{ "PgListener": { "FullQueueMode": "Sometimes" } }""",
        """{ "PgListener": { "ProveDelivery": "perhaps" } }""",
        """{ "PgListener": { "KeepAlive": "soon" } }""",
        """{ "PgListener": { "KeepAlive": "-00:00:10" } }""",
        """{ "PgListener": { "KeepAlive": 10 } }""",
        """{ "PgListener": { "KeepAlive": "00:00:60" } }""",
        """{ "PgListener": { "Handlers": { "AHandler": { "MaxConcurrency": 0 } } } }""",
        """{ "PgListener": { "Handlers": { "AHandler": { "MaxConcurrency": 10001 } } } }""",
        """{ "PgListener": { "Handlers": { "AHandler": { "Timeout": "soon" } } } }""",
        """{ "PgListener": { "orders": { "QueueCapacity": 0 } } }""",
        """{ "PgListener": { "orders": { "Handlers": { "AHandler": { "QueueCapacity": -1 } } } } }""",
        """{ "PgListener": { "Durable": { "PageSize": 0 } } }""",
        """{ "PgListener": { "orders": { "Durable": { "PageSize": 10001 } } } }""",
        """{ "PgListener": { "Durable": { "MaxAge": "soon" } } }""",
        """{ "PgListener": { "Handlers": { "ADurableHandler": { "Durable": { "Shards": 0 } } } } }""",
        """{ "PgListener": { "Handlers": { "ADurableHandler": { "Durable": { "OnFailure": "Perhaps" } } } } }""",
    };

    [Fact]
    public async Task The_file_says_what_the_code_says()
    {
        var expected = SchemaGenerator.Generate();
        if (Environment.GetEnvironmentVariable("PGLISTENER_UPDATE_SCHEMA") is { Length: > 0 })
            await File.WriteAllTextAsync(SchemaFile, expected, TestContext.Current.CancellationToken);

        var actual = File.Exists(SchemaFile) ? await File.ReadAllTextAsync(SchemaFile, TestContext.Current.CancellationToken) : "";
        if (actual.ReplaceLineEndings("\n") != expected)
            Assert.Fail($"{SchemaFile} is not what the options say. To update it, run the tests with PGLISTENER_UPDATE_SCHEMA=1.\n{Difference(actual, expected)}");
    }

    [Theory]
    [MemberData(nameof(Right))]
    public async Task What_the_schema_allows_is_allowed_at_the_start(string json)
    {
        Assert.Empty((await LoadAsync()).Validate(json));
        Start(json);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_the_schema_forbids_stops_the_start(string json)
    {
        Assert.NotEmpty((await LoadAsync()).Validate(json));
        Assert.ThrowsAny<Exception>(() => Start(json));
    }

    [Theory]
    [InlineData("""{ "PgListener": { "KeepAliv": "00:00:05" } }""")]
    [InlineData("""{ "PgListener": { "Handlers": { "AHandler": { "Timeot": "00:00:05" } } } }""")]
    [InlineData("""{ "PgListener": { "orders": { "KeepAliv": "00:00:05" } } }""")]
    [InlineData("""{ "PgListener": { "Durable": { "MaxAg": "00:00:05" } } }""")]
    public async Task The_schema_also_finds_names_that_are_no_setting(string json) => Assert.NotEmpty((await LoadAsync()).Validate(json));

    [Fact]
    public void What_the_schema_takes_for_a_time_is_one()
    {
        var pattern = new Regex((string)System.Text.Json.Nodes.JsonNode.Parse(SchemaGenerator.Generate())!["properties"]!["PgListener"]!["properties"]!["KeepAlive"]!["pattern"]!, RegexOptions.None, TimeSpan.FromSeconds(1));
        foreach (var text in new[] { "0:0", "1:2:3", "23:59:59.9999999", "1.02:03", "1.02:03:04", "10675199.02:48:05.4775807", "00:00:00.2" })
        {
            Assert.Matches(pattern, text);
            Assert.True(TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _), text);
        }

        foreach (var text in new[] { "", "soon", "24:00:00", "00:60", "00:00:60", "1,5", "00:00:00.12345678", "-00:00:01", "5", "1:02:03:04" })
            Assert.DoesNotMatch(pattern, text);
    }

    [Fact]
    public void The_package_hands_the_schema_to_editors()
    {
        // The file lies in buildTransitive/net10.0 of the package, and the schema at its top.
        var targets = XDocument.Load(Repository.PathOf("src/PgListener.Hosting/buildTransitive/PgListener.Hosting.targets"));
        var segment = Assert.Single(targets.Descendants("JsonSchemaSegment"));
        Assert.Equal("$(MSBuildThisFileDirectory)../../ConfigurationSchema.json", segment.Attribute("Include")!.Value);
        var pattern = new Regex(segment.Attribute("FilePathPattern")!.Value, RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.Matches(pattern, "appsettings.json");
        Assert.Matches(pattern, "appsettings.Development.json");

        var packed = XDocument.Load(Repository.PathOf("src/PgListener.Hosting/PgListener.Hosting.csproj")).Descendants("None")
            .ToDictionary(item => item.Attribute("Include")!.Value, item => item.Attribute("PackagePath")?.Value, StringComparer.Ordinal);
        Assert.Equal("", packed["ConfigurationSchema.json"]);
        Assert.Equal("buildTransitive/net10.0", packed["buildTransitive/PgListener.Hosting.targets"]);
    }

    private static async Task<JsonSchema> LoadAsync() => await JsonSchema.FromFileAsync(SchemaFile, TestContext.Current.CancellationToken);

    /// <summary>Checks settings as the start of a host does, for a listener without a name and one named "orders".</summary>
    private static void Start(string json)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=h"), new("ConnectionStrings:Other", "Host=h")])
            .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)))
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services.AddPgListener().AddDurableChannels().AddHandler<A, AHandler>().AddHandler<D, ADurableHandler>();
        services.AddPgListener("orders").AddDurableChannels().AddHandler<A, AHandler>();
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }

    /// <summary>The first lines that differ.</summary>
    private static string Difference(string actual, string expected)
    {
        var (file, code) = (actual.Split('\n'), expected.Split('\n'));
        var first = file.Zip(code).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"Line {first + 1}\n- {string.Join("\n- ", file.Skip(first).Take(5))}\n+ {string.Join("\n+ ", code.Skip(first).Take(5))}";
    }

    private sealed record A : INotificationChannel<A>
    {
        public static string ChannelName => "a";

        public static A Parse(string payload) => new();
    }

    private sealed record D : IDurableChannel<D>
    {
        public static string ChannelName => "d";

        public static D Parse(string payload) => new();
    }

    private sealed class ADurableHandler : INotificationHandler<D>
    {
        public Task HandleAsync(Notification<D> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class AHandler : INotificationHandler<A>
    {
        public Task HandleAsync(Notification<A> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
