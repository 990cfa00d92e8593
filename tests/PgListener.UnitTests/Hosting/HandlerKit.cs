using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;
using PgListener.Registration;

namespace PgListener.UnitTests.Hosting;

/// <summary>Calls the handlers of <see cref="Item"/> as a listener does, without one.</summary>
internal sealed class HandlerKit : IAsyncDisposable
{
    private readonly ServiceProvider _provider;
    private readonly string _listener;

    /// <param name="add">Adds a listener and what its handlers need.</param>
    /// <param name="listener">Which listener's handlers are called.</param>
    public HandlerKit(Action<IServiceCollection> add, string listener = "")
    {
        var services = new ServiceCollection();
        add(services);
        _provider = services.BuildServiceProvider(validateScopes: true);
        _listener = listener;
    }

    /// <summary>The handlers, with their names.</summary>
    public IReadOnlyList<HandlerEntry> Handlers => Registration.Handlers;

    private ListenerRegistration Registration => _provider.GetRequiredKeyedService<ListenerRegistration>(_listener);

    /// <summary>Calls each handler for a notification, one after the other.</summary>
    public Task NotifyAsync(string payload = "1") => CallAsync(payload, TestContext.Current.CancellationToken);

    /// <summary>The same with a token.</summary>
    public async Task CallAsync(string payload, CancellationToken cancellationToken)
    {
        foreach (var runner in Runners())
            await runner.HandleAsync(new(new(Item.ChannelName, payload, 7)), cancellationToken);
    }

    /// <summary>Calls each handler that wants gaps for one, one after the other.</summary>
    public async Task ResyncAsync(Resync? resync = null)
    {
        foreach (var runner in Runners().Where(runner => runner.ResyncFrom.Count > 0))
            await runner.ResyncAsync(resync ?? new(Item.ChannelName, ResyncReason.Reconnected, since: null, until: DateTimeOffset.UnixEpoch), TestContext.Current.CancellationToken);
    }

    /// <summary>Disposes of the services, as a host does.</summary>
    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private IEnumerable<HandlerRunner<Item>> Runners()
        => Handlers.Cast<HandlerEntry<Item>>().Select(handler => handler.CreateRunner(Registration, _provider.GetRequiredService<IServiceScopeFactory>(), PayloadLog.None));
}
