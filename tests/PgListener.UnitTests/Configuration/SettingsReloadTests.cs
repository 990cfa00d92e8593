using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace PgListener.UnitTests.Configuration;

/// <summary>What is said of a configuration that changes at run time, and which settings are in force then. What they do is tested on a server.</summary>
public sealed class SettingsReloadTests : IDisposable
{
    private readonly FakeLogCollector _log = new();
    private readonly IConfigurationRoot _configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=h;Password=secret1")]).Build();
    private ServiceProvider? _services;

    public void Dispose() => _services?.Dispose();

    [Fact]
    public void A_change_is_reported_setting_by_setting()
    {
        Build(services => services.AddPgListener().AddHandler<A, AHandler>(handler => handler.MaxConcurrency = 2));
        Set(("PgListener:QueueCapacity", "7"), ("PgListener:ProveDeliveryInterval", "00:02:00"), ("PgListener:Handlers:AHandler:MaxConcurrency", "3"));
        Assert.Equal(
            [
                "440 PgListener:ProveDeliveryInterval changed from 00:01:00 to 00:02:00.",
                "440 PgListener:QueueCapacity changed from 10000 to 7.",
                "440 PgListener:Handlers:AHandler:MaxConcurrency changed from 2 to 3.",
            ],
            Logged());
        Assert.Equal(7, Current().QueueCapacity);

        Set(("PgListener:QueueCapacity", "7"), ("Unrelated", "1"));
        Assert.Empty(Logged());
        Set(("PgListener:QueueCapacity", null));
        Assert.Equal(["440 PgListener:QueueCapacity changed from 7 to 10000."], Logged());
    }

    [Fact]
    public void What_needs_a_restart_is_said_once_without_its_value()
    {
        Build(services => services.AddPgListener());
        Set(("ConnectionStrings:Postgres", "Host=h;Password=secret2"), ("PgListener:KeepAlive", "00:00:05"), ("PgListener:DrainTimeout", "00:00:01"));
        Assert.Equal(
            [
                "441 PgListener:ConnectionString changed; takes effect after a restart.",
                "441 PgListener:KeepAlive changed; takes effect after a restart.",
                "440 PgListener:DrainTimeout changed from 00:00:20 to 00:00:01.",
            ],
            Logged());
        Set(("Unrelated", "1"));
        Assert.Empty(Logged());
        Set(("PgListener:KeepAlive", "00:00:10"));
        Assert.Equal(["442 PgListener:KeepAlive changed back; no restart is needed for it."], Logged());
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Message.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_configuration_is_refused_as_a_whole_and_once()
    {
        Build(services => services.AddPgListener().AddHandler<A, AHandler>());
        var before = Current();
        Set(("PgListener:QueueCapacity", "7"), ("PgListener:Handlers:AHandler:Timeout", "-1"));
        const string Refused = "443 The changed configuration of PgListener is refused as a whole, and the settings stay as they were. PgListener:Handlers:AHandler:Timeout must be from 00:00:00.0010000 to 1.00:00:00, but is -1.00:00:00.";
        Assert.Equal([Refused], Logged());
        Assert.Same(before, Current());
        Set(("Unrelated", "1"));
        Assert.Empty(Logged());

        Set(("PgListener:Handlers:AHandler:Timeout", "00:00:01"));
        Assert.Equal(["440 PgListener:QueueCapacity changed from 10000 to 7.", "440 PgListener:Handlers:AHandler:Timeout changed from not set to 00:00:01."], Logged());
        Set(("PgListener:Handlers:AHandler:Timeout", "-1"));
        Assert.Equal([Refused], Logged());
    }

    [Fact]
    public void A_setting_that_does_not_fit_what_stays_in_force_is_refused()
    {
        Build(services => services.AddPgListener());
        Set(("PgListener:KeepAlive", "00:00:05"), ("PgListener:ProveDeliveryInterval", "00:00:06"));
        Assert.Contains("443", Assert.Single(Logged()), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(10), Current().KeepAlive);
    }

    [Fact]
    public void Whatever_the_binder_or_a_delegate_throws_is_a_refusal()
    {
        Build(services => services.AddPgListener(options => options.DrainTimeout = options.QueueCapacity == 13 ? throw new NotSupportedException() : TimeSpan.Zero));
        Set(("PgListener:QueueCapacity", "many"));
        Assert.Contains("Failed to convert configuration value 'many' at 'PgListener:QueueCapacity'", Assert.Single(Logged()), StringComparison.Ordinal);
        Set(("PgListener:QueueCapacity", "13"));
        Assert.Contains("443", Assert.Single(Logged()), StringComparison.Ordinal);
        Assert.Equal(10_000, Current().QueueCapacity);
    }

    [Fact]
    public void A_named_listener_a_given_section_and_settings_bound_by_the_application_are_watched_too()
    {
        Build(services =>
        {
            services.AddPgListener();
            services.AddPgListener("x");
            services.AddPgListener("y", _configuration.GetSection("Mine"));
            services.AddPgListener("z");
            services.AddOptions<PgListenerOptions>("z").Bind(_configuration.GetSection("Theirs"));
        });
        Set(("PgListener:x:QueueCapacity", "7"), ("Mine:QueueCapacity", "8"), ("Theirs:QueueCapacity", "9"));
        Assert.Equal(
            [
                "440 Mine:QueueCapacity changed from 10000 to 8.",
                "440 PgListener:x:QueueCapacity changed from 10000 to 7.",
                "440 PgListener:z:QueueCapacity changed from 10000 to 9.",
            ],
            Logged().Order(StringComparer.Ordinal));
        Assert.Equal([7, 8, 9, 10_000], new[] { "x", "y", "z", "" }.Select(name => Current(name).QueueCapacity));
    }

    [Fact]
    public async Task A_listener_that_is_disposed_of_watches_no_longer()
    {
        Build(services => services.AddPgListener());
        await _services!.DisposeAsync();
        Set(("PgListener:QueueCapacity", "0"));
        Assert.Empty(Logged());
    }

    [Fact]
    public void The_connection_string_is_of_no_interest_when_a_data_source_was_handed_over()
    {
        Build(services => services.AddPgListener().UseDataSource(_ => Npgsql.NpgsqlDataSource.Create("Host=h")));
        Set(("ConnectionStrings:Postgres", "Host=other"), ("PgListener:ConnectionName", "Other"));
        Assert.Empty(Logged());
    }

    private void Build(Action<IServiceCollection> configure)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(_configuration);
        services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(_log)));
        configure(services);
        _services = services.BuildServiceProvider();
        foreach (var name in services.Select(service => service.ServiceKey).OfType<string>().Distinct(StringComparer.Ordinal))
            _services.GetRequiredKeyedService<HostedListener>(name);
    }

    private PgListenerOptions Current(string name = "") => _services!.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().Get(name);

    private void Set(params (string Key, string? Value)[] settings)
    {
        foreach (var (key, value) in settings)
            _configuration[key] = value;
        _configuration.Reload();
    }

    private string[] Logged()
    {
        string[] logged = [.. _log.GetSnapshot(clear: true).Select(record => $"{record.Id.Id} {record.Message}")];
        Assert.DoesNotContain(logged, line => line.Contains("secret", StringComparison.Ordinal));
        return logged;
    }

    private sealed record A : INotificationChannel<A>
    {
        public static string ChannelName => "a";

        public static A Parse(string payload) => new();
    }

    private sealed class AHandler : INotificationHandler<A>
    {
        public Task HandleAsync(Notification<A> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
