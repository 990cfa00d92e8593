using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>An instance of an application with a durable channel on a real database, whose handler fails as the test wants, and a page with actions.</summary>
internal sealed class DurableShop : IAsyncDisposable
{
    public const string Operator = "ann";

    public static readonly DurableSubscriptionName Name = new("order_placed", "Billing");

    private DurableShop(Site site, Behaviour behaviour) => (Site, Handler) = (site, behaviour);

    public Site Site { get; }

    public Behaviour Handler { get; }

    public IDurableChannels Channels => Site.App.Services.GetRequiredService<IDurableChannels>();

    public static async Task<DurableShop> StartAsync(
        string database, Behaviour? behaviour = null, Action<DurableHandlerOptions>? configure = null, Func<WebApplication, IEndpointConventionBuilder>? map = null, string environment = "Development")
    {
        behaviour ??= new();
        var site = await Site.StartAsync(
            services =>
            {
                services.AddFakeLogging();
                services.AddSingleton(TimeProvider.System);
                services.AddSingleton(behaviour);
                HeaderAuthentication.Add(services);
                services.AddAntiforgery();
                services.AddAuthorizationBuilder().AddPolicy("operators", static policy => policy.RequireUserName(Operator));
                services.AddPgListener(options => options.ConnectionString = database)
                    .AddDurableChannels(static options => options.CreateSchema = true)
                    .AddHandler<OrderPlaced, Billing>(options =>
                    {
                        options.Name = Name.Handler;
                        options.Durable.RetryDelay = options.Durable.MaxRetryDelay = TimeSpan.FromMilliseconds(50);
                        configure?.Invoke(options.Durable);
                    });
            },
            app => (map ?? Map)(app),
            environment: environment);
        return new(site, behaviour);
    }

    public static IEndpointConventionBuilder Map(WebApplication app) => app.MapPgListener(configure: static page => page.ActionsPolicy = "operators");

    public async Task PublishAsync(params OrderPlaced[] orders)
    {
        foreach (var order in orders)
            await Site.App.Services.GetRequiredService<INotificationPublisher>().PublishAsync(order, TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the subscription is as expected.</summary>
    public Task<DurableSubscriptionStatus> UntilAsync(Predicate<DurableSubscriptionStatus> isSo) => Eventually.GetAsync(
        async () => (await Channels.GetSubscriptionsAsync(TestContext.Current.CancellationToken)).SingleOrDefault(one => one.Name == Name) ?? new() { Name = new("none", "none") },
        status => status.Name == Name && isSo(status));

    public Task UntilHandledAsync(params long[] orders) => Eventually.GetAsync(
        () => Task.FromResult(string.Join(", ", Handler.Handled)), handled => handled == string.Join(", ", orders));

    public ValueTask DisposeAsync() => Site.DisposeAsync();

    /// <summary>What the handler does.</summary>
    internal sealed class Behaviour
    {
        public ConcurrentQueue<long> Handled { get; } = [];

        /// <summary>The orders that fail.</summary>
        public ConcurrentDictionary<long, bool> Failing { get; } = [];

        public static Behaviour Fails(params long[] orders)
        {
            var behaviour = new Behaviour();
            foreach (var order in orders)
                behaviour.Failing[order] = true;
            return behaviour;
        }
    }

    internal sealed record OrderPlaced(long Id, string Customer = "bob") : INotificationChannel<OrderPlaced>, IDurableChannel<OrderPlaced>
    {
        public static string ChannelName => Name.Channel;

        public static string? KeyOf(OrderPlaced value) => value.Customer;

        public static OrderPlaced Parse(string payload) => new(long.Parse(payload.Split(' ')[0], CultureInfo.InvariantCulture), payload.Split(' ')[1]);

        public static string Format(OrderPlaced value) => $"{value.Id} {value.Customer}";
    }

    internal sealed class Billing(Behaviour behaviour) : INotificationHandler<OrderPlaced>
    {
        public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
        {
            if (behaviour.Failing.ContainsKey(notification.Value.Id))
                throw new InvalidDataException($"Order {notification.Value.Id} is wrong.");
            behaviour.Handled.Enqueue(notification.Value.Id);
            return Task.CompletedTask;
        }
    }
}
