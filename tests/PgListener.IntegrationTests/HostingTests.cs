using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>The listener in a host: handlers from DI, settings, health, life cycle.</summary>
public sealed class HostingTests(ServerFixture server) : IAsyncDisposable
{
    private readonly FakeLogCollector _log = new();
    private readonly List<IHost> _hosts = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }
    }

    // The name of a channel is static, so each test has channel types of its own.
    private sealed record Ordered(int Id) : IJsonNotificationChannel<Ordered>
    {
        public static string ChannelName { get; } = NewChannel("ordered");
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class OrderedHandler(Scoped scoped, Scoped same, Received<(int Id, Scoped Scope, bool Same)> received) : INotificationHandler<Ordered>
    {
        public Task HandleAsync(Notification<Ordered> notification, CancellationToken cancellationToken)
        {
            Assert.False(scoped.IsDisposed);
            received.Add((notification.Value.Id, scoped, scoped == same));
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_handler_is_resolved_in_a_fresh_scope_for_every_notification()
    {
        var received = new Received<(int Id, Scoped Scope, bool Same)>();
        await StartListeningAsync(services =>
        {
            services.AddSingleton(received).AddScoped<Scoped>();
            services.AddPgListener().AddHandler<Ordered, OrderedHandler>();
        });

        await server.NotifyAsync(Ordered.ChannelName, """{"id":1}""", """{"id":2}""");
        var first = await received.NextAsync();
        var second = await received.NextAsync();
        Assert.Equal((1, true), (first.Id, first.Same));
        Assert.Equal((2, true), (second.Id, second.Same));
        Assert.NotSame(first.Scope, second.Scope);
        Assert.True(first.Scope.IsDisposed);
    }

    private sealed record Shared(string Text) : INotificationChannel<Shared>
    {
        public static string ChannelName { get; } = NewChannel("shared");

        public static Shared Parse(string payload) => new(payload);
    }

    private abstract class SharedHandler(Received<string> received) : INotificationHandler<Shared>, IResyncHandler<Shared>
    {
        public Task HandleAsync(Notification<Shared> notification, CancellationToken cancellationToken)
        {
            Assert.Equal(Shared.ChannelName, notification.Channel);
            Assert.Equal(notification.Value.Text, notification.Payload);
            received.Add($"{GetType().Name} {notification.Value.Text}");
            return notification.Value.Text == "throw" ? throw new InvalidOperationException("thrown") : Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            received.Add($"{GetType().Name} {resync.Reason}");
            return Task.CompletedTask;
        }
    }

    private sealed class FirstHandler(Received<string> received) : SharedHandler(received);

    private sealed class SecondHandler(Received<string> received) : SharedHandler(received);

    [Fact]
    public async Task Several_handlers_of_a_channel_are_independent_and_hear_of_gaps()
    {
        var received = new Received<string>();
        var host = await StartAsync(services =>
        {
            services.AddSingleton(received);
            services.AddPgListener().AddHandler<Shared, FirstHandler>().AddHandler<Shared, SecondHandler>().AddHandler<Shared, FirstHandler>();
        });
        Assert.Equal(["FirstHandler Started", "SecondHandler Started"], (await received.NextAsync(2, seconds: 20)).Order());
        await server.NotifyAsync(Shared.ChannelName, "throw");
        Assert.Equal(["FirstHandler throw", "SecondHandler throw"], (await received.NextAsync(2, seconds: 20)).Order());

        await server.TerminateAsync(await SessionAsync(host));
        Assert.Equal(["FirstHandler Reconnected", "SecondHandler Reconnected"], (await received.NextAsync(2, seconds: 20)).Order());
        await server.NotifyAsync(Shared.ChannelName, "a");
        Assert.Equal(["FirstHandler a", "SecondHandler a"], (await received.NextAsync(2, seconds: 20)).Order());
        Assert.Equal(
            ["FirstHandler", "SecondHandler"],
            _log.GetSnapshot().Where(record => record.Id.Id == 200).Select(record => record.GetStructuredStateValue("Subscription")).Order());
    }

    private sealed record Foreign(string Text) : INotificationChannel<Foreign>
    {
        public static string ChannelName { get; } = NewChannel("foreign");

        public static Foreign Parse(string payload) => new(payload);
    }

    private sealed class ForeignHandler(Received<string> received, string name) : INotificationHandler<Foreign>
    {
        public Task HandleAsync(Notification<Foreign> notification, CancellationToken cancellationToken)
        {
            received.Add($"{name} {notification.Value.Text}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Handlers_the_user_registered_himself_run_with_AddChannel()
    {
        var received = new Received<string>();
        await StartListeningAsync(services =>
        {
            services.AddPgListener().AddChannel<Foreign>();
            services.AddSingleton<INotificationHandler<Foreign>>(new ForeignHandler(received, "instance"));
            services.AddScoped<INotificationHandler<Foreign>>(_ => new ForeignHandler(received, "factory"));
        });
        await server.NotifyAsync(Foreign.ChannelName, "1");
        Assert.Equal(["factory 1", "instance 1"], (await received.NextAsync(2, seconds: 20)).Order());
    }

    [Fact]
    public async Task AddChannel_without_any_handler_is_said_at_the_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(services => services.AddPgListener().AddChannel<Foreign>()));
        Assert.Equal("AddChannel<Foreign>() was called, but no INotificationHandler<Foreign> is registered.", error.Message);
    }

    private sealed record Decorated(string Text) : INotificationChannel<Decorated>
    {
        public static string ChannelName { get; } = NewChannel("decorated");

        public static Decorated Parse(string payload) => new(payload);
    }

    private sealed class DecoratedHandler(Received<string> received) : INotificationHandler<Decorated>
    {
        public async Task HandleAsync(Notification<Decorated> notification, CancellationToken cancellationToken)
        {
            received.Add($"original {notification.Value.Text}");
            await Task.Delay(notification.Value.Text == "slow" ? Timeout.Infinite : 0, cancellationToken);
        }
    }

    private sealed class Decorator(INotificationHandler<Decorated> inner, Received<string> received) : INotificationHandler<Decorated>
    {
        public Task HandleAsync(Notification<Decorated> notification, CancellationToken cancellationToken)
        {
            received.Add($"decorator {notification.Value.Text}");
            return inner.HandleAsync(notification, cancellationToken);
        }
    }

    [Fact]
    public async Task A_decorated_or_replaced_handler_runs_in_place_of_the_original_with_its_settings()
    {
        var received = new Received<string>();
        await StartListeningAsync(services =>
        {
            services.AddSingleton(received);
            services.AddPgListener().AddHandler<Decorated, DecoratedHandler>(handler => handler.Timeout = TimeSpan.FromMilliseconds(50));

            // What decorating libraries do: the registration is replaced by one that wraps what it made.
            var original = services.Single(service => service.ServiceType == typeof(INotificationHandler<Decorated>));
            services.Remove(original);
            services.AddTransient<INotificationHandler<Decorated>>(scope => new Decorator((INotificationHandler<Decorated>)original.ImplementationFactory!(scope), received));
        });
        await server.NotifyAsync(Decorated.ChannelName, "slow", "quick");
        Assert.Equal(["decorator slow", "original slow", "decorator quick", "original quick"], await received.NextAsync(4, seconds: 20));
        Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 201);
    }

    private sealed record Named(string Text) : INotificationChannel<Named>
    {
        public static string ChannelName { get; } = NewChannel("named");

        public static Named Parse(string payload) => new(payload);
    }

    private sealed class HandlerA(Received<string> received) : INotificationHandler<Named>
    {
        public Task HandleAsync(Notification<Named> notification, CancellationToken cancellationToken)
        {
            received.Add($"A {notification.Value.Text}");
            return Task.CompletedTask;
        }
    }

    private sealed class HandlerB(Received<string> received) : INotificationHandler<Named>
    {
        public Task HandleAsync(Notification<Named> notification, CancellationToken cancellationToken)
        {
            received.Add($"B {notification.Value.Text}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Several_listeners_each_with_settings_handlers_and_a_connection_of_its_own()
    {
        var received = new Received<string>();
        var host = await StartAsync(
            services =>
            {
                services.AddSingleton(received);
                services.AddPgListener("a").AddHandler<Named, HandlerA>();
                services.AddPgListener("b", options => options.ConnectionString = server.ConnectionString).AddHandler<Named, HandlerB>();
            },
            new() { ["PgListener:a:ConnectionName"] = "Other", ["ConnectionStrings:Other"] = server.ConnectionString, ["PgListener:b:KeepAlive"] = "00:00:05" });
        var (a, b) = (host.Services.GetRequiredKeyedService<IPgListener>("a"), host.Services.GetRequiredKeyedService<IPgListener>("b"));
        Assert.Equal(("a", "b"), (a.Name, b.Name));
        await b.WaitUntilListeningAsync(Cancellation).SoonAsync();
        await a.WaitUntilListeningAsync(Cancellation).SoonAsync();
        Assert.Equal(TimeSpan.FromSeconds(5), host.Services.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().Get("b").KeepAlive);
        await server.NotifyAsync(Named.ChannelName, "1");
        Assert.Equal(["A 1", "B 1"], (await received.NextAsync(2, seconds: 20)).Order());
    }

    public static TheoryData<string, string, string> WrongSettings => new()
    {
        { "PgListener:KeepAlive", "00:00:00", "PgListener:KeepAlive must be from 00:00:01 to 01:00:00, but is 00:00:00." },
        { "PgListener:KeepAlive", "soon", "Failed to convert configuration value 'soon' at 'PgListener:KeepAlive' to type 'System.TimeSpan'." },
        { "PgListener:QueueCapacity", "0", "PgListener:QueueCapacity must be from 1 to 100000000, but is 0." },
        { "PgListener:StartupTimeout", "00:00:00", "PgListener:StartupTimeout must be from" },
        { "PgListener:ConnectionString", "Host=h;Pass word=secret", "The connection string of PgListener cannot be read" },
        { "PgListener:ConnectionString", "Username=u", "The connection string of PgListener names no Host." },
        { "PgListener:ConnectionName", "Nowhere", "PgListener:ConnectionString is not set, and neither is ConnectionStrings:Nowhere. Set one of them, or name another connection string in PgListener:ConnectionName." },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string key, string value, string message)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(services => services.AddPgListener(), new() { [key] = value }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_come_from_a_section_a_delegate_or_a_given_configuration()
    {
        var given = new ConfigurationBuilder().AddInMemoryCollection([new("Mine:QueueCapacity", "7"), new("Mine:ConnectionString", server.ConnectionString)]).Build();
        var hosts = new[]
        {
            await StartAsync(services => services.AddPgListener(), new() { ["PgListener:QueueCapacity"] = "7" }),
            await StartAsync(services => services.AddPgListener(options => options.QueueCapacity = 7), new() { ["PgListener:QueueCapacity"] = "8" }),
            await StartAsync(services => services.AddPgListener(given.GetSection("Mine"))),
        };
        foreach (var host in hosts)
        {
            Assert.Equal(7, host.Services.GetRequiredService<IOptions<PgListenerOptions>>().Value.QueueCapacity);
            await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        }
    }

    [Fact]
    public async Task A_data_source_of_the_application_can_be_used()
    {
        await using var dataSource = NpgsqlDataSource.Create(server.ConnectionString);
        var host = await StartAsync(
            services => services.AddSingleton(dataSource).AddPgListener().UseDataSource(provider => provider.GetRequiredService<NpgsqlDataSource>()),
            new() { ["ConnectionStrings:Postgres"] = null });
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
    }

    [Fact]
    public async Task The_connections_can_be_configured()
    {
        var calls = 0;
        var host = await StartAsync(services => services.AddPgListener().ConfigureDataSource((_, builder) =>
        {
            calls++;
            builder.ConnectionStringBuilder.ApplicationName = "configured";
        }));
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        Assert.Equal(3, calls); // For the connection that listens, for the others of the listener itself, and for the pool.
        Assert.True(await server.CountSessionsAsync("configured") >= 1);
    }

    [Fact]
    public async Task The_host_starts_without_a_server_and_health_says_so()
    {
        var host = await StartAsync(
            services =>
            {
                services.AddPgListener();
                services.AddHealthChecks().AddPgListener();
            },
            new() { ["ConnectionStrings:Postgres"] = "Host=127.0.0.1;Port=1;Username=nobody;Password=secret" });
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        var entry = report.Entries["pglistener"];
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.StartsWith("Connecting", entry.Description, StringComparison.Ordinal);
        Assert.Equal("Connecting", entry.Data["state"]);
        await host.StopAsync(Cancellation).SoonAsync();
        Assert.DoesNotContain(_log.GetSnapshot(), record => $"{record.Message} {record.Exception}".Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_is_good_while_it_listens()
    {
        var host = await StartAsync(services =>
        {
            services.AddPgListener("x", options => options.ConnectionString = server.ConnectionString);
            services.AddHealthChecks().AddPgListener("x", failureStatus: HealthStatus.Degraded, tags: ["ready"]);
        });
        await host.Services.GetRequiredKeyedService<IPgListener>("x").WaitUntilListeningAsync(Cancellation).SoonAsync();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(check => check.Tags.Contains("ready"), Cancellation)).Entries["pglistener-x"].Status);
        await host.StopAsync(Cancellation);
        Assert.Equal(HealthStatus.Degraded, (await health.CheckHealthAsync(Cancellation)).Status);
    }

    [Fact]
    public async Task The_start_can_be_made_to_wait_and_fails_when_the_time_is_over()
    {
        var waited = await StartAsync(services => services.AddPgListener(), new() { ["PgListener:StartupTimeout"] = "00:00:20" });
        Assert.Equal(ListenerState.Listening, waited.Services.GetRequiredService<IPgListener>().State);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => StartAsync(
            services => services.AddPgListener(),
            new() { ["PgListener:StartupTimeout"] = "00:00:00.1", ["ConnectionStrings:Postgres"] = "Host=127.0.0.1;Port=1;Username=nobody" }));
        Assert.Contains("PgListener:StartupTimeout (00:00:00.1000000)", error.Message, StringComparison.Ordinal);
    }

    private sealed record Streamed(int Id) : IJsonNotificationChannel<Streamed>
    {
        public static string ChannelName { get; } = NewChannel("streamed");
    }

    [Fact]
    public async Task A_stream_leaves_out_malformed_payloads_and_ends_when_the_host_stops()
    {
        var host = await StartAsync(services => services.AddPgListener());
        var listener = host.Services.GetRequiredService<IPgListener>();
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
        var started = new TaskCompletionSource();
        var seen = new Received<int>();
        var reading = Task.Run(
            async () =>
            {
                var options = new SubscriptionOptions
                {
                    OnResync = (_, _) =>
                    {
                        started.SetResult();
                        return Task.CompletedTask;
                    },
                };
                await foreach (var notification in listener.ReadAllAsync<Streamed>(options, Cancellation))
                    seen.Add(notification.Value.Id);
            },
            Cancellation);
        await started.Task.SoonAsync();
        await server.NotifyAsync(Streamed.ChannelName, """{"id":1}""", "not json: my secret", "null", """{"id":2}""");
        Assert.Equal(new[] { 1, 2 }, await seen.NextAsync(2, seconds: 20));

        await host.StopAsync(Cancellation).SoonAsync();
        await reading.SoonAsync();
        var malformed = _log.GetSnapshot().Where(record => record.Id.Id == 400).ToArray();
        Assert.Equal(2, malformed.Length);
        Assert.All(malformed, record => Assert.Equal(LogLevel.Warning, record.Level));
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Level > LogLevel.Debug && record.Message.Contains("secret", StringComparison.Ordinal));
    }

    private sealed record Fragile(string Text) : INotificationChannel<Fragile>
    {
        public static string ChannelName { get; } = NewChannel("fragile");

        public static Fragile Parse(string payload) => new(payload.Split(':')[1]);
    }

    private sealed class EarlyReader(IPgListener listener, Received<string> received) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var options = new SubscriptionOptions { OnResync = received.Reasons() };
            await foreach (var notification in listener.ReadAllAsync<Fragile>(options, stoppingToken))
                received.Add(notification.Value.Text);
        }
    }

    [Fact]
    public async Task A_service_that_is_started_before_the_listener_may_read_and_no_payload_ends_that()
    {
        var received = new Received<string>();
        await StartListeningAsync(services =>
        {
            services.AddSingleton(received).AddHostedService<EarlyReader>();
            services.AddPgListener();
        });
        Assert.Equal("Started", await received.NextAsync());
        await server.NotifyAsync(Fragile.ChannelName, "no colon: none, that is".Replace(":", "", StringComparison.Ordinal), "a:b");
        Assert.Equal("b", await received.NextAsync());
        Assert.Equal("IndexOutOfRangeException", Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 400).GetStructuredStateValue("Error"));
    }

    [Fact]
    public async Task A_host_that_is_disposed_of_without_a_stop_is_not_reported_as_a_crash()
    {
        var host = await StartListeningAsync(services => services.AddPgListener());
        _hosts.Remove(host);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task Subscribes_by_type_and_by_name_at_run_time()
    {
        var host = await StartAsync(services => services.AddPgListener());
        var listener = host.Services.GetRequiredService<IPgListener>();
        var (typed, named) = (new Received<int>(), new Received<string>());
        await using var first = await listener.SubscribeAsync<Streamed>(
            (notification, _) =>
            {
                typed.Add(notification.Value.Id);
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
        await using var second = await listener.SubscribeAsync(Streamed.ChannelName, named.Payloads(), cancellationToken: Cancellation);
        await server.NotifyAsync(Streamed.ChannelName, """{"id":3}""");
        Assert.Equal(3, await typed.NextAsync());
        Assert.Equal("""{"id":3}""", await named.NextAsync());
    }

    private sealed record Slow(string Text) : INotificationChannel<Slow>
    {
        public static string ChannelName { get; } = NewChannel("slow");

        public static Slow Parse(string payload) => new(payload);
    }

    private sealed class SlowHandler(Received<string> received) : INotificationHandler<Slow>
    {
        public async Task HandleAsync(Notification<Slow> notification, CancellationToken cancellationToken)
        {
            received.Add("entered");
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                received.Add("cancelled");
                throw;
            }
        }
    }

    [Fact]
    public async Task Stopping_the_host_never_waits_longer_than_its_own_limit()
    {
        var received = new Received<string>();
        var host = await StartListeningAsync(services =>
        {
            services.AddSingleton(received);
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
            services.AddPgListener().AddHandler<Slow, SlowHandler>();
        });
        await server.NotifyAsync(Slow.ChannelName, "");
        Assert.Equal("entered", await received.NextAsync());
        await host.StopAsync(CancellationToken.None).SoonAsync(seconds: 10);
        Assert.Equal("cancelled", await received.NextAsync(seconds: 1));
    }

    [Fact]
    public void A_wrong_handler_setting_is_named_when_it_is_made()
    {
        var builder = new ServiceCollection().AddPgListener();
        var error = Assert.Throws<ArgumentException>(() => builder.AddHandler<Slow, SlowHandler>(handler => handler.MaxConcurrency = 0));
        Assert.StartsWith("MaxConcurrency must be from 1 to 10000, but is 0.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_alone_can_be_disposed_of_synchronously()
    {
        var services = new ServiceCollection();
        services.AddPgListener(options => options.ConnectionString = server.ConnectionString);
        using (var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }))
        {
            await provider.GetServices<IHostedService>().Single().StartAsync(Cancellation);
            await provider.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        }
    }

    private async Task<IHost> StartListeningAsync(Action<IServiceCollection> configure)
    {
        var host = await StartAsync(configure);
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        return host;
    }

    private static async Task<int> SessionAsync(IHost host)
    {
        // The one session of this host, as anybody with the server's statistics would find it.
        var listener = host.Services.GetRequiredService<IPgListener>();
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
        await using var dataSource = NpgsqlDataSource.Create(host.Services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!);
        var name = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString).ApplicationName;
        await using var command = dataSource.CreateCommand("select pid from pg_stat_activity where application_name = $1 and query like 'LISTEN%'");
        command.Parameters.Add(new() { Value = name! });
        return (int)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private async Task<IHost> StartAsync(Action<IServiceCollection> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = $"host_{Guid.NewGuid():n}" }.ConnectionString;
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["ConnectionStrings:Postgres"] = connectionString });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(_log));
        configure(builder.Services);
        var host = builder.Build();
        try
        {
            await host.StartAsync(Cancellation);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        _hosts.Add(host);
        return host;
    }
}
