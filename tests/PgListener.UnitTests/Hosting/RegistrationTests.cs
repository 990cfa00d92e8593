using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using PgListener.Registration;

namespace PgListener.UnitTests.Hosting;

/// <summary>The ways to add a listener, and which of them a call takes.</summary>
public sealed class RegistrationTests
{
    private const string ConnectionString = "Host=given;Password=hunter2";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, Action<IServiceCollection>, string, int> Calls => new()
    {
        { "alone", services => services.AddPgListener(connectionString: ConnectionString), "", 10_000 },
        { "with a delegate", services => services.AddPgListener(connectionString: ConnectionString, options => options.QueueCapacity = 7), "", 7 },
        { "with a named delegate", services => services.AddPgListener(connectionString: ConnectionString, configure: options => options.QueueCapacity = 7), "", 7 },
        { "with a name after it", services => services.AddPgListener(connectionString: ConnectionString, name: "orders"), "orders", 10_000 },
        { "with a name before it", services => services.AddPgListener(name: "orders", connectionString: ConnectionString), "orders", 10_000 },
        { "with a name in its place", services => services.AddPgListener("orders", ConnectionString), "orders", 10_000 },
        { "with all", services => services.AddPgListener(connectionString: ConnectionString, options => options.QueueCapacity = 7, name: "orders"), "orders", 7 },
    };

    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public void A_connection_string_is_given_by_its_name(string how, Action<IServiceCollection> add, string name, int queueCapacity)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=other"), new($"PgListener:{(name.Length == 0 ? "" : name + ":")}ConnectionString", "Host=other")]).Build());
        services.AddPgListener();
        add(services);
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().Get(name);
        Assert.True((ConnectionString, queueCapacity) == (options.ConnectionString, options.QueueCapacity), how);
    }

    [Fact]
    public void The_other_calls_are_what_they_were()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("S:ConnectionString", "Host=s")]).Build();
        Assert.Equal("", new ServiceCollection().AddPgListener().Name);
        Assert.Equal("", new ServiceCollection().AddPgListener(options => options.QueueCapacity = 7).Name);
        Assert.Equal("", new ServiceCollection().AddPgListener(configuration.GetSection("S")).Name);
        Assert.Equal("x", new ServiceCollection().AddPgListener("x").Name);
        Assert.Equal("x", new ServiceCollection().AddPgListener(name: "x").Name);
        Assert.Equal("x", new ServiceCollection().AddPgListener("x", options => options.QueueCapacity = 7).Name);
        Assert.Equal("x", new ServiceCollection().AddPgListener("x", configuration.GetSection("S")).Name);
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPgListener(connectionString: " "));
        Assert.DoesNotContain("hunter2", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPgListener(ConnectionString, "orders")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPgListener(connectionString: "Host=h", name: ConnectionString)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_differ_in_case_only_would_share_their_settings()
    {
        var services = new ServiceCollection();
        services.AddPgListener("orders");
        Assert.Contains("orders", Assert.Throws<ArgumentException>(() => services.AddPgListener("Orders")).Message, StringComparison.Ordinal);
        Assert.Equal("orders", services.AddPgListener("orders").Name);
    }

    [Fact]
    public void No_property_of_the_options_is_a_name()
        => Assert.All(
            typeof(PgListenerOptions).GetProperties().Select(property => property.Name).Append("Handlers"),
            name => Assert.Throws<ArgumentException>(() => ListenerName.ThrowIfInvalid(name, nameof(name))));

    [Fact]
    public void The_applications_data_source_is_taken_and_one_with_the_listeners_name_before_it()
    {
        using var common = NpgsqlDataSource.Create("Host=common");
        using var own = NpgsqlDataSource.Create("Host=own");
        var services = new ServiceCollection().AddSingleton(common).AddKeyedSingleton("orders", own);
        foreach (var name in new[] { "orders", "stock" })
            services.AddPgListener(name).UseDataSource();
        services.AddPgListener().UseDataSource();
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
        Assert.Equal([own, common, common], ListenerRegistration.All(services).Select(listener => listener.DataSource!(provider)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("orders")]
    public void Without_a_data_source_the_start_fails_and_says_what_to_add(string name)
    {
        var services = new ServiceCollection().AddKeyedSingleton("other", NpgsqlDataSource.Create("Host=h"));
        (name.Length == 0 ? services.AddPgListener() : services.AddPgListener(name)).UseDataSource();
        using var provider = services.BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);
        Assert.Contains("AddNpgsqlDataSource", error.Message, StringComparison.Ordinal);
        Assert.Contains(name.Length == 0 ? "PgListener" : "'orders'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_configuration_without_the_section_is_taken_by_the_settings_at_its_top()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionString", "Host=h"), new("QueueCapacity", "7"), new("KeepAlve", "1"), new("PATH", "x")]).Build();
        var services = new ServiceCollection();
        services.AddPgListener(configuration);
        await using var provider = services.BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<PgListenerOptions>>().Value);
        Assert.Equal("PgListener:KeepAlve is not a setting. Did you mean KeepAlive?", error.Message);
    }

    public sealed class WithoutTypeInfo : IJsonNotificationChannel<WithoutTypeInfo>
    {
        public static string ChannelName => "without_type_info";

        public static JsonTypeInfo<WithoutTypeInfo> JsonTypeInfo => throw new NotSupportedException("Reflection is switched off.");
    }

    public abstract class Abstract : IJsonNotificationChannel<Abstract>
    {
        public static string ChannelName => "abstract";
    }

    public sealed class WithoutConstructor : IJsonNotificationChannel<WithoutConstructor>
    {
        private WithoutConstructor()
        {
        }

        public static string ChannelName => "without_constructor";

        public static WithoutConstructor Create() => new();
    }

    public sealed class Handler<T> : INotificationHandler<T>
        where T : INotificationChannel<T>
    {
        public Task HandleAsync(Notification<T> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task A_type_that_cannot_be_read_is_found_when_it_is_used()
    {
        await CheckAsync<WithoutTypeInfo>("without_type_info");
        await CheckAsync<Abstract>("abstract");
        await CheckAsync<WithoutConstructor>("without_constructor");
    }

    private static async Task CheckAsync<T>(string channel)
        where T : INotificationChannel<T>
    {
        using var host = Build(services => services.AddPgListener().AddHandler<T, Handler<T>>());
        var errors = new List<Exception> { await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Cancellation)) };

        using var other = Build(services => services.AddPgListener());
        await other.StartAsync(Cancellation);
        var listener = other.Services.GetRequiredService<IPgListener>();
        errors.Add(await Assert.ThrowsAsync<InvalidOperationException>(() => listener.SubscribeAsync<T>((_, _) => Task.CompletedTask, cancellationToken: Cancellation)));
        errors.Add(Assert.Throws<InvalidOperationException>(() => listener.ReadAllAsync<T>(cancellationToken: Cancellation)));
        await other.StopAsync(Cancellation);
        Assert.All(errors, error =>
        {
            Assert.Contains($"'{channel}'", error.Message, StringComparison.Ordinal);
            Assert.Contains(typeof(T).Name, error.Message, StringComparison.Ordinal);
        });
    }

    private static IHost Build(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration["ConnectionStrings:Postgres"] = "Host=127.0.0.1;Port=1";
        configure(builder.Services);
        return builder.Build();
    }
}
