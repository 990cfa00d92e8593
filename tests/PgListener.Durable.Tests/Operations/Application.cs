using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace PgListener.Durable.Tests.Operations;

/// <summary>An instance of an application with one handler on the channel of orders, whose behaviour the test decides.</summary>
internal sealed class Application : IAsyncDisposable
{
    public static readonly DurableSubscriptionName Orders = new("order_placed", "Orders");

    private readonly IHost _host;

    private Application(IHost host, Behaviour behaviour)
    {
        _host = host;
        Behaviour = behaviour;
    }

    public Behaviour Behaviour { get; }

    public IDurableChannels Channels => _host.Services.GetRequiredService<IDurableChannels>();

    public INotificationPublisher Publisher => _host.Services.GetRequiredService<INotificationPublisher>();

    public FakeLogCollector Log => _host.Services.GetFakeLogCollector();

    public IReadOnlyList<long> Handled => [.. Behaviour.Handled];

    public static async Task<Application> StartAsync(
        string database, Behaviour? behaviour = null, Action<DurableHandlerOptions>? configure = null, Action<DurableChannelOptions>? channels = null, Action<HostedHandlerOptions>? handler = null)
    {
        behaviour ??= new();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddFakeLogging();
        builder.Services.AddSingleton(behaviour);
        builder.Services.AddHealthChecks().AddPgListener(gracePeriod: TimeSpan.Zero);
        builder.Services.AddPgListener(connectionString: database, configure: options => options.Publisher.PropagateTraceContext = true)
            .AddDurableChannels(options =>
            {
                options.CreateSchema = true;
                channels?.Invoke(options);
            })
            .AddHandler<OrderPlaced, Handler>(options =>
            {
                options.Name = Orders.Handler;
                options.Durable.RetryDelay = TimeSpan.FromMilliseconds(10);
                configure?.Invoke(options.Durable);
                handler?.Invoke(options);
            });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new(host, behaviour);
    }

    /// <summary>Waits until something is so.</summary>
    public static Task UntilAsync(Func<Task<bool>> isSo, string otherwise) => UntilAsync(isSo, () => otherwise);

    public Task UntilHandledAsync(params long[] orders) => UntilAsync(() => Task.FromResult(Behaviour.Handled.Count >= orders.Length), () => $"Handled: {string.Join(", ", Handled)}.");

    public async Task UntilAsync(Predicate<DurableSubscriptionStatus> isSo)
    {
        DurableSubscriptionStatus? last = null;
        await UntilAsync(async () => (last = await StatusAsync()) is { } status && isSo(status), () => $"The status is not as expected: {JsonSerializer.Serialize(last)}");
    }

    public async Task<DurableSubscriptionStatus?> StatusAsync() => (await Channels.GetSubscriptionsAsync(TestContext.Current.CancellationToken)).SingleOrDefault(status => status.Name == Orders);

    public Task<IReadOnlyList<ParkedMessage>> ParkedAsync(ParkedState? state = null)
        => Channels.GetParkedMessagesAsync(new() { State = state }, cancellationToken: TestContext.Current.CancellationToken);

    public async Task PublishAsync(params OrderPlaced[] orders)
    {
        foreach (var order in orders)
            await Publisher.PublishAsync(order, TestContext.Current.CancellationToken);
    }

    public Task<HealthReport> HealthAsync() => _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

    public T Service<T>()
        where T : notnull
        => _host.Services.GetRequiredService<T>();

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Behaviour.Release();
        await _host.StopAsync(CancellationToken.None);
        ((IDisposable)_host).Dispose();
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo, Func<string> otherwise)
    {
        var limit = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (limit.Elapsed > TimeSpan.FromSeconds(20))
                Assert.Fail(otherwise());
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Handler(Behaviour behaviour) : INotificationHandler<OrderPlaced>
    {
        public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken) => behaviour.HandleAsync(notification.Value);
    }
}

/// <summary>What the handler does.</summary>
internal sealed class Behaviour
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<long> Handled { get; } = [];

    /// <summary>The orders that fail.</summary>
    public ConcurrentDictionary<long, bool> Failing { get; } = [];

    /// <summary>The order whose call waits for <see cref="Release"/>.</summary>
    public long? Waiting { get; init; }

    public Task Entered => _entered.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    public static Behaviour Fails(params long[] orders)
    {
        var behaviour = new Behaviour();
        foreach (var order in orders)
            behaviour.Failing[order] = true;
        return behaviour;
    }

    public void Release() => _release.TrySetResult();

    public async Task HandleAsync(OrderPlaced order)
    {
        if (order.Id == Waiting)
        {
            _entered.TrySetResult();
            await _release.Task;
        }

        if (Failing.ContainsKey(order.Id))
            throw new InvalidDataException($"Order {order.Id} is wrong.");
        Handled.Enqueue(order.Id);
    }
}
