using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Registration;

/// <summary>A channel of a hosted listener, with its handlers.</summary>
/// <param name="key">The key of its handlers in DI: the listener's name; <see langword="null"/> for the listener without one.</param>
internal sealed class ChannelRegistration<TChannel>(string? key) : IChannelRegistration
    where TChannel : INotificationChannel<TChannel>
{
    private readonly List<HandlerRegistration<TChannel>> _added = [];

    /// <summary>Set by <c>AddChannel</c>: handlers that the user registered himself run too.</summary>
    public HandlerOptions? ForeignOptions { get; set; }

    public HandlerRegistration<TChannel>? Find(Type handlerType) => _added.Find(handler => handler.HandlerType == handlerType);

    public void Add(HandlerRegistration<TChannel> handler) => _added.Add(handler);

    public IEnumerable<HandlerEntry> Handlers(IServiceCollection services) => Plan(services).Select(planned => planned.Entry);

    public async Task<IReadOnlyDictionary<HandlerKey, ListenerSubscription>> SubscribeAsync(
        Listener listener, IServiceCollection services, IServiceScopeFactory scopes, IReadOnlyDictionary<HandlerKey, HandlerOptions> settings, ILogger logger)
    {
        if (ForeignOptions is not null && Descriptors(services).Length == 0)
        {
            throw new InvalidOperationException(
                $"AddChannel<{typeof(TChannel).Name}>() was called, but no INotificationHandler<{typeof(TChannel).Name}> is registered{(key is null ? "" : $" with the key '{key}'")}.");
        }

        var subscriptions = new Dictionary<HandlerKey, ListenerSubscription>();
        foreach (var (entry, resolve) in Plan(services))
        {
            var runner = new HandlerRunner<TChannel>(entry.Name, resolve, scopes, logger);
            var options = new SubscriptionOptions(settings[entry.Key]) { Name = entry.Name, OnResync = runner.ResyncAsync };
            subscriptions.Add(entry.Key, await listener.SubscribeAsync(TChannel.ChannelName, runner.HandleAsync, options).ConfigureAwait(false));
        }

        return subscriptions;
    }

    /// <summary>Which handlers are to run, with which settings, and how to get them from a scope.</summary>
    private IEnumerable<(HandlerEntry Entry, Func<IServiceProvider, INotificationHandler<TChannel>> Resolve)> Plan(IServiceCollection services)
    {
        var descriptors = Descriptors(services);

        // Handlers whose registration is gone were replaced or decorated: what stands there now runs with their settings.
        var replaced = new Queue<HandlerRegistration<TChannel>>(_added.Where(handler => !descriptors.Contains(handler.Descriptor)));
        for (var i = 0; i < descriptors.Length; i++)
        {
            var added = _added.Find(handler => handler.Descriptor == descriptors[i]);
            var original = added ?? (replaced.TryDequeue(out var other) ? other : null);
            if ((original?.Options ?? ForeignOptions) is not { } options)
                continue;

            var type = TypeOf(descriptors[i]);
            var name = HandlerName.Of(added?.HandlerType ?? type) ?? $"INotificationHandler<{typeof(TChannel).Name}>";
            yield return (
                new(new(typeof(TChannel), i), name, HandlerName.Of(original?.HandlerType ?? type), options),
                added?.Resolve ?? ResolveNth(i, descriptors.Length));
        }
    }

    private ServiceDescriptor[] Descriptors(IServiceCollection services)
        => [.. services.Where(descriptor => descriptor.ServiceType == typeof(INotificationHandler<TChannel>) && Equals(descriptor.ServiceKey, key))];

    /// <summary>Gets the n-th of the registered handlers from a scope. The container makes all of them for that, so it is not the usual way.</summary>
    private Func<IServiceProvider, INotificationHandler<TChannel>> ResolveNth(int index, int count)
        => count == 1
            ? scope => scope.GetRequiredKeyedService<INotificationHandler<TChannel>>(key)
            : scope => scope.GetKeyedServices<INotificationHandler<TChannel>>(key).ElementAt(index);

    private static Type? TypeOf(ServiceDescriptor descriptor) => descriptor.IsKeyedService
        ? descriptor.KeyedImplementationType ?? descriptor.KeyedImplementationInstance?.GetType()
        : descriptor.ImplementationType ?? descriptor.ImplementationInstance?.GetType();
}
