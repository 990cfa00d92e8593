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

    public async Task SubscribeAsync(Listener listener, IServiceCollection services, IServiceScopeFactory scopes, ILogger logger)
    {
        ServiceDescriptor[] descriptors = [.. services.Where(descriptor => descriptor.ServiceType == typeof(INotificationHandler<TChannel>) && Equals(descriptor.ServiceKey, key))];
        if (ForeignOptions is not null && descriptors.Length == 0)
        {
            throw new InvalidOperationException(
                $"AddChannel<{typeof(TChannel).Name}>() was called, but no INotificationHandler<{typeof(TChannel).Name}> is registered{(key is null ? "" : $" with the key '{key}'")}.");
        }

        // Handlers whose registration is gone were replaced or decorated: what stands there now runs with their settings.
        var replaced = new Queue<HandlerRegistration<TChannel>>(_added.Where(handler => !descriptors.Contains(handler.Descriptor)));
        for (var i = 0; i < descriptors.Length; i++)
        {
            var added = _added.Find(handler => handler.Descriptor == descriptors[i]);
            var options = added?.Options ?? (replaced.TryDequeue(out var original) ? original.Options : ForeignOptions);
            if (options is null)
                continue;

            var name = added?.HandlerType.Name ?? NameOf(descriptors[i]);
            var runner = new HandlerRunner<TChannel>(name, added?.Resolve ?? ResolveNth(i, descriptors.Length), scopes, logger);
            await listener.SubscribeAsync(TChannel.ChannelName, runner.HandleAsync, ToSubscriptionOptions(name, options, runner.ResyncAsync)).ConfigureAwait(false);
        }
    }

    /// <summary>Gets the n-th of the registered handlers from a scope. The container makes all of them for that, so it is not the usual way.</summary>
    private Func<IServiceProvider, INotificationHandler<TChannel>> ResolveNth(int index, int count)
        => count == 1
            ? scope => scope.GetRequiredKeyedService<INotificationHandler<TChannel>>(key)
            : scope => scope.GetKeyedServices<INotificationHandler<TChannel>>(key).ElementAt(index);

    private static string NameOf(ServiceDescriptor descriptor)
    {
        var type = descriptor.IsKeyedService
            ? descriptor.KeyedImplementationType ?? descriptor.KeyedImplementationInstance?.GetType()
            : descriptor.ImplementationType ?? descriptor.ImplementationInstance?.GetType();
        return type?.Name ?? $"INotificationHandler<{typeof(TChannel).Name}>";
    }

    private static SubscriptionOptions ToSubscriptionOptions(string name, HandlerOptions options, ResyncCallback onResync)
        => new()
        {
            Name = name,
            OnResync = onResync,
            QueueCapacity = options.QueueCapacity,
            QueueCapacityBytes = options.QueueCapacityBytes,
            FullQueueMode = options.FullQueueMode,
            MaxBackpressure = options.MaxBackpressure,
            MaxConcurrency = options.MaxConcurrency,
            Timeout = options.Timeout,
        };
}
