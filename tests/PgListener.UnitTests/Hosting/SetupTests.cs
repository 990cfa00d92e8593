using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace PgListener.UnitTests.Hosting;

/// <summary>What is said of a listener that is set up wrongly: by name, with what to write instead, and without what may be a password.</summary>
public sealed class SetupTests
{
    private const string ConnectionString = "Host=db.example;Username=u;Password=hunter2";
    private readonly FakeLogCollector _log = new();

    public static TheoryData<string> WrongNames => [ConnectionString, "postgresql://u:hunter2@db.example/shop", "hunter2 with spaces", "hunter2:x", "hunter2/é", new string('a', 65) + "hunter2"];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public void A_wrong_name_is_refused_without_being_repeated(string name)
    {
        foreach (var add in new Action<IServiceCollection>[]
        {
            services => services.AddPgListener(name),
            services => services.AddPgListener(name, options => options.QueueCapacity = 1),
            services => services.AddPgListener(name, new ConfigurationBuilder().Build().GetSection("x")),
            services => services.AddHealthChecks().AddPgListener(name),
        })
        {
            var error = Assert.Throws<ArgumentException>(() => add(new ServiceCollection()));
            Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
            Assert.Contains("1 to 64", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("KeepAlive")]
    [InlineData("handlers")]
    [InlineData("Publisher")]
    [InlineData("name")]
    [InlineData("LoggerFactory")]
    public void The_name_of_a_setting_is_no_name_of_a_listener(string name)
        => Assert.Contains("setting", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPgListener(name)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("orders")]
    [InlineData("Orders_2.eu-west")]
    [InlineData("a")]
    public void An_ordinary_name_is_one(string name) => Assert.Equal(name, new ServiceCollection().AddPgListener(name).Name);

    public static TheoryData<string, string, string> WrongSettings => new()
    {
        { "PgListener:KeepAlve", "00:00:05", "PgListener:KeepAlve is not a setting. Did you mean KeepAlive?" },
        { "PGLISTENER:KEEPALVE", "00:00:05", "Did you mean KeepAlive?" },
        { "PgListener:Publisher:CoalesceWindw", "00:00:00", "PgListener:Publisher:CoalesceWindw is not a setting. Did you mean CoalesceWindow?" },
        { "PgListener:Publishr:CoalesceWindow", "00:00:00", "Did you mean Publisher?" },
        { "PgListener:Handlers:AHandler:Timeot", "00:00:01", "PgListener:Handlers:AHandler:Timeot is not a setting. Did you mean Timeout?" },
        { "PgListener:Handlers:AHandlr:Timeout", "00:00:01", "PgListener:Handlers:AHandlr is the name of no handler. The handlers are: AHandler. Did you mean AHandler?" },
        { "PgListener:oders:KeepAlive", "00:00:05", "PgListener:oders is neither a setting nor the name of a listener. Did you mean orders?" },
        { "PgListener:orders:KeepAlve", "00:00:05", "PgListener:orders:KeepAlve is not a setting. Did you mean KeepAlive?" },
        { "PgListener:ConnectionString", "Hots=h;Password=hunter2", "does not know the keyword 'Hots'. Did you mean Host?" },
        { "PgListener:ConnectionString", "Host=h;Prt=1;Password=hunter2", "does not know the keyword 'Prt'. Did you mean Port?" },
        { "PgListener:ConnectionString", "Host=h;Port=hunter2", "'Port'" },
        { "PgListener:ConnectionString", "Host=h;SSL Mode=hunter2", "'SSL Mode'" },
        { "PgListener:ConnectionString", "Host=h;Password=a;hunter2=b", "quote" },
        { "PgListener:ConnectionString", "postgresql://u:hunter2@h/shop", "URI" },
        { "PgListener:ConnectionString", "postgres://u:hunter2@h/shop", "URI" },
        { "PgListener:ConnectionString", "hunter2", "ConnectionName" },
        { "PgListener:ConnectionName", ConnectionString, "ConnectionName" },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public void A_wrong_setting_is_named_with_what_is_near_to_it(string key, string value, string message)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Start(
            services =>
            {
                services.AddPgListener().AddHandler<A, AHandler>();
                services.AddPgListener("orders");
            },
            (key, value)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_that_is_too_long_for_the_channel_of_a_handler_is_found_before_the_start()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Start(
            services => services.AddPgListener().AddHandler<A, AHandler>().MapChannel<A>("orders"),
            ("PgListener:ChannelPrefix", new string('p', 58))));
        Assert.Equal(
            "PgListener:ChannelPrefix is too long for the channel 'orders' of handler AHandler: together they have 64 bytes, and a channel name has at most 63. " +
            "Shorten the prefix, or give the channel a shorter name with MapChannel<A>(…).",
            error.Message);
    }

    [Fact]
    public void A_misspelt_listener_is_named_when_all_have_names()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Start(services => services.AddPgListener("orders"), ("PgListener:oders:KeepAlive", "00:00:05")));
        Assert.Contains("PgListener:oders", error.Message, StringComparison.Ordinal);
        Assert.Contains("orders", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_any_case_and_other_sections_are_no_problem()
        => Start(
            services =>
            {
                services.AddPgListener("orders").AddHandler<A, AHandler>();
                services.AddPgListener();
                services.AddPgListener("z", _configuration!.GetSection("PgListener:Mine"));
            },
            ("PGLISTENER:KEEPALIVE", "00:00:05"), ("PGLISTENER:ORDERS:HANDLERS:AHANDLER:TIMEOUT", "00:00:05"), ("PgListener:Mine:KeepAlive", "00:00:05"), ("Other:KeepAlve", "1"));

    [Fact]
    public void A_section_that_is_a_connection_string_is_refused_without_being_repeated()
    {
        foreach (var path in new[] { "ConnectionStrings:Postgres", ConnectionString })
        {
            var error = Assert.ThrowsAny<Exception>(() => Start(services => services.AddPgListener(_configuration!.GetSection(path)), ("ConnectionStrings:Postgres", ConnectionString)));
            Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
            Assert.Contains("connectionString:", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_health_check_of_an_unknown_listener_fails_the_start()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Start(services =>
        {
            services.AddHealthChecks().AddPgListener("nope");
            services.AddPgListener("orders");
            services.AddPgListener("stock");
        }));
        Assert.Contains("There is no listener 'nope'; there are 'orders' and 'stock'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_health_check_may_be_added_before_its_listener()
        => Start(services =>
        {
            services.AddHealthChecks().AddPgListener().AddPgListener("orders");
            services.AddPgListener("orders");
            services.AddPgListener();
        });

    [Fact]
    public async Task A_handler_that_nobody_runs_is_a_warning_at_the_start()
    {
        using var host = Build(services =>
        {
            services.AddTransient<INotificationHandler<A>, AHandler>();
            services.AddPgListener().AddHandler<B, Outer<string>.Handler>();
            services.AddKeyedTransient<INotificationHandler<B>, BHandler>("orders");
        });
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);
        var warnings = _log.GetSnapshot().Where(record => record.Level == LogLevel.Warning && record.Message.Contains("AddChannel", StringComparison.Ordinal)).Select(record => record.Message).ToArray();
        Assert.Equal(2, warnings.Length);
        Assert.Contains(warnings, line => line.Contains("AHandler", StringComparison.Ordinal) && line.Contains("AddChannel<A>()", StringComparison.Ordinal));
        Assert.Contains(warnings, line => line.Contains("BHandler", StringComparison.Ordinal) && line.Contains("'orders'", StringComparison.Ordinal));
    }

    [Fact]
    public void Handlers_of_the_same_name_are_told_apart()
    {
        using var provider = Start(
            services => services.AddPgListener()
                .AddHandler<A, PlaceOrder.Handler>()
                .AddHandler<A, CancelOrder.Handler>()
                .AddHandler<B, Outer<string>.Handler>()
                .AddHandler<B, Outer<int>.Handler>(),
            ("PgListener:Handlers:PlaceOrder.Handler:QueueCapacity", "1"),
            ("PgListener:Handlers:CancelOrder.Handler:QueueCapacity", "2"),
            ("PgListener:Handlers:HandlerOfString:QueueCapacity", "3"),
            ("PgListener:Handlers:HandlerOfInt32:QueueCapacity", "4"));
        Assert.Equal([1, 2, 3, 4], provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().CurrentValue.Handlers.Values.Select(handler => handler.QueueCapacity));
    }

    [Fact]
    public void A_wrong_handler_setting_names_channel_and_handler()
    {
        var builder = new ServiceCollection().AddPgListener();
        var error = Assert.Throws<ArgumentException>(() => builder.AddHandler<A, AHandler>(handler => handler.MaxConcurrency = 0));
        Assert.Contains("AHandler", error.Message, StringComparison.Ordinal);
        Assert.Contains("A", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaxConcurrency must be from 1 to 10000, but is 0.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_channel_name_names_the_channels_type()
    {
        using var host = Build(services => services.AddPgListener().AddHandler<Nameless, NamelessHandler>());
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("Nameless.ChannelName", error.Message, StringComparison.Ordinal);
    }

    private IConfigurationRoot? _configuration;

    private ServiceProvider Start(Action<IServiceCollection> configure, params (string Key, string? Value)[] settings)
    {
        _configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=h")])
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(_configuration).AddLogging();
        configure(services);
        var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
        return provider;
    }

    private IHost Build(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration["ConnectionStrings:Postgres"] = "Host=127.0.0.1;Port=1";
        builder.Logging.AddProvider(new FakeLoggerProvider(_log));
        configure(builder.Services);
        return builder.Build();
    }

    private sealed record A : INotificationChannel<A>
    {
        public static string ChannelName => "a";

        public static A Parse(string payload) => new();
    }

    private sealed record B : INotificationChannel<B>
    {
        public static string ChannelName => "b";

        public static B Parse(string payload) => new();
    }

    private sealed record Nameless : INotificationChannel<Nameless>
    {
        public static string ChannelName => "";

        public static Nameless Parse(string payload) => new();
    }

    private abstract class HandlerOf<T> : INotificationHandler<T>
        where T : INotificationChannel<T>
    {
        public Task HandleAsync(Notification<T> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class AHandler : HandlerOf<A>;

    private sealed class BHandler : HandlerOf<B>;

    private sealed class NamelessHandler : HandlerOf<Nameless>;

    private static class PlaceOrder
    {
        public sealed class Handler : HandlerOf<A>;
    }

    private static class CancelOrder
    {
        public sealed class Handler : HandlerOf<A>;
    }

    private static class Outer<T>
    {
        public sealed class Handler : HandlerOf<B>;
    }
}
