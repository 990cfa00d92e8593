using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>The publisher in a host: injected, set up by the section, disposed of by the container.</summary>
public sealed class PublisherHostingTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Placed(int Id) : IJsonNotificationChannel<Placed>
    {
        public static string ChannelName { get; } = NewChannel("placed");
    }

    private sealed class PlacedHandler(Received<int> received) : INotificationHandler<Placed>
    {
        public Task HandleAsync(Notification<Placed> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Value.Id);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task What_is_published_reaches_the_handler()
    {
        var received = new Received<int>();
        using var host = await StartAsync(services =>
        {
            services.AddSingleton(received);
            services.AddPgListener().AddHandler<Placed, PlacedHandler>();
        });
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        var publisher = host.Services.GetRequiredService<INotificationPublisher>();
        Assert.Same(publisher, host.Services.GetRequiredService<INotificationPublisher>());
        await publisher.PublishAsync(new Placed(1), Cancellation);
        Assert.Equal(1, await received.NextAsync());
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task It_sends_to_the_server_that_is_listened_to_whatever_the_configuration_says_by_then()
    {
        var received = new Received<int>();
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("PgListener:ConnectionString", server.ConnectionString)]);
        builder.Services.AddSingleton(received);
        builder.Services.AddPgListener().AddHandler<Placed, PlacedHandler>();
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();

        builder.Configuration["PgListener:ConnectionString"] = "Host=127.0.0.1;Port=1;Username=nobody";
        ((IConfigurationRoot)builder.Configuration).Reload();
        await host.Services.GetRequiredService<INotificationPublisher>().PublishAsync(new Placed(2), Cancellation);
        Assert.Equal(2, await received.NextAsync());
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task It_connects_when_it_is_first_used_and_the_container_sends_what_was_coalesced()
    {
        var channel = NewChannel();
        var name = $"pub_{Guid.NewGuid():n}";
        await using var ear = await Ear.OpenAsync(server, channel);
        var services = new ServiceCollection();
        services.AddPgListener(options =>
        {
            options.ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = name }.ConnectionString;
            options.Publisher.CoalesceWindow = TimeSpan.FromSeconds(1);
        });
        Task publishing;
        var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        await using (provider)
        {
            var publisher = provider.GetRequiredService<INotificationPublisher>();
            Assert.Equal(0, await server.CountSessionsAsync(name));
            publishing = publisher.PublishAsync(channel, "flushed", Cancellation);
            Assert.False(publishing.IsCompleted);
        }

        await publishing.SoonAsync();
        await ear.HeardAsync("flushed");
        await server.WhenWithoutSessionsAsync(name);
    }

    [Fact]
    public void A_container_can_be_disposed_of_synchronously()
    {
        var services = new ServiceCollection();
        services.AddPgListener(options => options.ConnectionString = server.ConnectionString);
        using var provider = services.BuildServiceProvider();
        Assert.IsType<NotificationPublisher>(provider.GetRequiredService<INotificationPublisher>());
    }

    [Fact]
    public async Task Named_listeners_have_publishers_of_their_own_set_up_by_their_sections()
    {
        await using var ear = await Ear.OpenAsync(server, Placed.ChannelName);
        using var host = await StartAsync(
            services =>
            {
                services.AddPgListener();
                services.AddPgListener("second");
            },
            new(StringComparer.Ordinal)
            {
                ["PgListener:second:Publisher:AllowDuplicates"] = "true",
            });
        var first = host.Services.GetRequiredService<INotificationPublisher>();
        var second = host.Services.GetRequiredKeyedService<INotificationPublisher>("second");
        await first.PublishManyAsync([new Placed(1), new Placed(1)], Cancellation);
        await second.PublishManyAsync([new Placed(2), new Placed(2)], Cancellation);
        Assert.Equal("""{"id":1}""", await ear.NextAsync());
        Assert.Equal("""{"id":2}""", (await ear.NextAsync()).TrimEnd());
        Assert.Equal("""{"id":2}""", (await ear.NextAsync()).TrimEnd());
        await ear.HeardAsync();
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task It_uses_the_data_source_that_was_handed_over()
    {
        var name = $"pub_{Guid.NewGuid():n}";
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = name });
        var services = new ServiceCollection();
        services.AddPgListener().UseDataSource(_ => dataSource);
        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<INotificationPublisher>().PublishAsync(NewChannel(), "x", Cancellation);
            Assert.Equal(1, await server.CountSessionsAsync(name));
        }

        await using var stillMine = await dataSource.OpenConnectionAsync(Cancellation);
    }

    [Fact]
    public async Task A_wrong_setting_stops_the_start_and_is_named()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(
            services => services.AddPgListener(), new(StringComparer.Ordinal) { ["PgListener:Publisher:MaxCoalesced"] = "0" }));
        Assert.Contains("PgListener:Publisher:MaxCoalesced must be from 1 to 100000, but is 0.", error.Message, StringComparison.Ordinal);
    }

    private async Task<IHost> StartAsync(Action<IServiceCollection> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:Postgres", server.ConnectionString)]);
        builder.Configuration.AddInMemoryCollection(settings);
        configure(builder.Services);
        var host = builder.Build();
        try
        {
            await host.StartAsync(Cancellation);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }
}
