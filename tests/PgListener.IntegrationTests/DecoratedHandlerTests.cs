using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Handlers that are decorated or replaced in DI: what runs, with which settings, and who hears of gaps.</summary>
public sealed class DecoratedHandlerTests(ServerFixture server)
{
    private sealed record Item(string Text) : INotificationChannel<Item>
    {
        public static string ChannelName { get; } = NewChannel("decorated");

        public static Item Parse(string payload) => new(payload);
    }

    private abstract class Base(Received<string> received) : INotificationHandler<Item>, IResyncHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            received.Add($"{GetType().Name} {notification.Value.Text}");
            return Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            received.Add($"{GetType().Name} {resync.Reason}");
            return Task.CompletedTask;
        }
    }

    private class First(Received<string> received) : Base(received);

    private sealed class Second(Received<string> received) : Base(received);

    private sealed class Other(Received<string> received) : First(received);

    private sealed class Foreign(Received<string> received) : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            received.Add($"Foreign {notification.Value.Text}");
            return Task.CompletedTask;
        }
    }

    private sealed class Decorator(INotificationHandler<Item> inner, Received<string> received) : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            received.Add("decorated");
            return inner.HandleAsync(notification, cancellationToken);
        }
    }

    /// <summary>What Scrutor does: each registration is replaced in its place, and lives on under a key of its own.</summary>
    private static void Decorate(IServiceCollection services, object? key = null)
    {
        for (var i = 0; i < services.Count; i++)
        {
            var original = services[i];
            if (original.ServiceType != typeof(INotificationHandler<Item>) || !Equals(original.ServiceKey, key))
                continue;

            var inner = $"{key}+decorated{i}";
            services.Add(original.IsKeyedService
                ? ServiceDescriptor.DescribeKeyed(original.ServiceType, inner, (scope, _) => original.KeyedImplementationFactory!(scope, key), original.Lifetime)
                : original.ImplementationFactory is { } factory
                    ? ServiceDescriptor.DescribeKeyed(original.ServiceType, inner, (scope, _) => factory(scope), original.Lifetime)
                    : ServiceDescriptor.DescribeKeyed(original.ServiceType, inner, original.ImplementationType!, original.Lifetime));
            services[i] = key is null
                ? ServiceDescriptor.Describe(original.ServiceType, scope => Wrap(scope, inner), original.Lifetime)
                : ServiceDescriptor.DescribeKeyed(original.ServiceType, key, (scope, _) => Wrap(scope, inner), original.Lifetime);
        }

        static Decorator Wrap(IServiceProvider scope, string inner)
            => new(scope.GetRequiredKeyedService<INotificationHandler<Item>>(inner), scope.GetRequiredService<Received<string>>());
    }

    [Theory]
    [InlineData("")]
    [InlineData("named")]
    public async Task Two_decorated_handlers_run_with_their_settings_hear_of_gaps_and_are_told_apart(string name)
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received);
        host.Configuration[$"PgListener:{(name.Length == 0 ? "" : name + ":")}Handlers:Second:QueueCapacity"] = "22";
        (name.Length == 0 ? host.Services.AddPgListener() : host.Services.AddPgListener(name))
            .AddHandler<Item, First>(handler => handler.QueueCapacity = 11)
            .AddHandler<Item, Second>();
        Decorate(host.Services, name.Length == 0 ? null : name);
        await host.StartAsync();
        var listener = name.Length == 0 ? host.Listener : host.Host.Services.GetRequiredKeyedService<IPgListener>(name);
        await listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();

        Assert.Equal(["First Started", "Second Started"], (await received.NextAsync(2, seconds: 20)).Order());
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal(["First 1", "Second 1", "decorated", "decorated"], (await received.NextAsync(4, seconds: 20)).Order(StringComparer.Ordinal));
        Assert.Equal([("First", 11), ("Second", 22)], listener.GetStatistics().Select(statistics => (statistics.Name, statistics.QueueCapacity)).Order());
    }

    [Fact]
    public async Task A_foreign_registration_before_it_is_not_taken_for_it()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddTransient<INotificationHandler<Item>, Foreign>();
        host.Services.AddPgListener().AddHandler<Item, First>(handler => handler.QueueCapacity = 11);
        Decorate(host.Services);
        await host.StartListeningAsync();
        Assert.Equal("First Started", await received.NextAsync());
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal(["decorated", "First 1"], await received.NextAsync(2, seconds: 20));
        var statistics = Assert.Single(host.Listener.GetStatistics());
        Assert.Equal(("First", 11), (statistics.Name, statistics.QueueCapacity));
    }

    public static TheoryData<string> Replacements => ["Replace", "RemoveAll", "class"];

    [Theory]
    [MemberData(nameof(Replacements))]
    public async Task A_replaced_handler_runs_with_the_settings_of_the_original(string how)
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received);
        host.Services.AddPgListener().AddHandler<Item, First>(handler => handler.QueueCapacity = 11).AddHandler<Item, Second>();
        switch (how)
        {
            case "Replace":
                host.Services.Replace(ServiceDescriptor.Transient<INotificationHandler<Item>, Other>());
                break;
            case "RemoveAll":
                host.Services.RemoveAll<INotificationHandler<Item>>();
                host.Services.AddTransient<INotificationHandler<Item>, Other>().AddTransient<INotificationHandler<Item>>(scope => scope.GetRequiredService<Second>());
                break;
            default:
                host.Services.Replace(ServiceDescriptor.Transient<First>(scope => new Other(scope.GetRequiredService<Received<string>>())));
                break;
        }

        await host.StartListeningAsync();
        Assert.Equal(["Other Started", "Second Started"], (await received.NextAsync(2, seconds: 20)).Order());
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal(["Other 1", "Second 1"], (await received.NextAsync(2, seconds: 20)).Order());
        Assert.Equal([11, 10_000], host.Listener.GetStatistics().Select(statistics => statistics.QueueCapacity).Order());
    }

    [Fact]
    public async Task What_cannot_be_told_fails_the_start_and_says_what_to_write()
    {
        await using var host = TestHost.WithoutServer();
        host.Services.AddSingleton(new Received<string>());
        host.Services.AddPgListener().AddHandler<Item, First>().AddHandler<Item, Second>();
        host.Services.RemoveAll<INotificationHandler<Item>>();
        host.Services.AddTransient<INotificationHandler<Item>, Foreign>();
        var error = await Assert.ThrowsAnyAsync<Exception>(host.StartAsync);
        Assert.Contains("INotificationHandler<Item>", error.Message, StringComparison.Ordinal);
        Assert.Contains("First", error.Message, StringComparison.Ordinal);
        Assert.Contains("Second", error.Message, StringComparison.Ordinal);
    }

    private sealed class Counted(Received<string> received, Counts counts) : Base(received), IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            counts.Dispose(this);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Counts
    {
        private readonly Dictionary<object, int> _disposed = [];

        public int Most
        {
            get
            {
                lock (_disposed)
                    return _disposed.Values.DefaultIfEmpty().Max();
            }
        }

        public void Dispose(object handler)
        {
            lock (_disposed)
                _disposed[handler] = _disposed.GetValueOrDefault(handler) + 1;
        }
    }

    [Theory]
    [InlineData(ServiceLifetime.Transient)]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Singleton)]
    public async Task A_decorated_disposable_handler_is_disposed_of_once(ServiceLifetime lifetime)
    {
        var counts = new Counts();
        await using (var host = new TestHost(server.ConnectionString))
        {
            var received = new Received<string>();
            host.Services.AddSingleton(received).AddSingleton(counts);
            host.Services.Add(ServiceDescriptor.Describe(typeof(Counted), typeof(Counted), lifetime));
            host.Services.AddPgListener().AddHandler<Item, Counted>();
            Decorate(host.Services);
            await host.StartListeningAsync();
            await server.NotifyAsync(Item.ChannelName, "1", "2");
            Assert.Equal(["Counted Started", "decorated", "Counted 1", "decorated", "Counted 2"], await received.NextAsync(5, seconds: 20));
            await host.Host.StopAsync(TestContext.Current.CancellationToken);
            if (lifetime == ServiceLifetime.Singleton)
                Assert.Equal(0, counts.Most);
        }

        Assert.Equal(1, counts.Most);
    }

    private sealed class Throwing : INotificationHandler<Item>
    {
        public Throwing(Received<string> received)
        {
            received.Add("constructed");
            throw new InvalidOperationException("no database");
        }

        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task A_handler_that_does_not_want_gaps_is_not_made_for_one()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Item, Throwing>();
        await host.StartListeningAsync();
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal("constructed", await received.NextAsync());
        await host.Host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, received.Waiting);
        Assert.Empty(host.Lines(203));
        Assert.Single(host.Lines(200));
    }

    [Fact]
    public async Task A_handler_that_cannot_be_made_does_not_concern_its_decorated_neighbour()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Item, Throwing>().AddHandler<Item, First>();
        Decorate(host.Services);
        await host.StartListeningAsync();
        string next;
        do
            next = await received.NextAsync();
        while (next == "constructed");
        Assert.Equal("First Started", next);
        await server.NotifyAsync(Item.ChannelName, "1");
        do
            next = await received.NextAsync();
        while (next is "constructed" or "decorated");
        Assert.Equal("First 1", next);
    }
}
