using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>A channel of a hosted listener, with its handlers.</summary>
/// <param name="listener">The listener. Its key is that of its handlers in DI.</param>
internal sealed class ChannelRegistration<TChannel>(ListenerRegistration listener) : IChannelRegistration
    where TChannel : INotificationChannel<TChannel>
{
    private readonly List<HandlerRegistration<TChannel>> _added = [];

    /// <summary>Set by <c>AddChannel</c>: handlers that the application itself has registered run too.</summary>
    public HostedHandlerOptions? ForeignOptions { get; set; }

    public HandlerRegistration<TChannel>? Find(Type handlerType) => _added.Find(handler => handler.HandlerType == handlerType);

    /// <summary>Adds a handler, also to the services.</summary>
    public void Add(HandlerRegistration<TChannel> handler, IServiceCollection services)
    {
        services.Add(handler.Begin.Descriptor);
        services.Add(handler.Descriptor);
        services.Add(handler.End.Descriptor);
        _added.Add(handler);
    }

    public IEnumerable<HandlerEntry> Plan(IServiceCollection services)
    {
        ServiceDescriptor[] descriptors = [.. services.Where(descriptor => descriptor.ServiceType == typeof(INotificationHandler<TChannel>) && Equals(descriptor.ServiceKey, listener.Key))];
        if (ForeignOptions is not null && descriptors.Length == 0)
        {
            throw new InvalidOperationException(
                $"AddChannel<{typeof(TChannel).Name}>() was called, but no INotificationHandler<{typeof(TChannel).Name}> is registered{(listener.Key is { } key ? $" with the key '{key}'" : "")}.");
        }

        var owners = HandlerPairing.Pair(services, descriptors, _added);
        for (var i = 0; i < descriptors.Length; i++)
        {
            if ((owners[i]?.Options ?? ForeignOptions) is { } options)
                yield return Entry(services, descriptors[i], i, owners[i], options);
        }
    }

    private HandlerEntry<TChannel> Entry(IServiceCollection services, ServiceDescriptor descriptor, int index, HandlerRegistration<TChannel>? original, HostedHandlerOptions options)
    {
        var isOriginal = original?.Descriptor == descriptor;
        var type = HandlerFactory.TypeOf(descriptor);
        var resolve = isOriginal ? original!.Resolve : HandlerFactory.Of<TChannel>(descriptor, listener.Key, index);

        // A handler that does not implement IResyncHandler is not created for a gap. A decorator without it leaves gaps to the handler that it decorates.
        var resyncFrom = new List<Func<IServiceProvider, INotificationHandler<TChannel>>>();
        if (!isOriginal && (type is null || typeof(IResyncHandler<TChannel>).IsAssignableFrom(type)))
            resyncFrom.Add(resolve);
        if (original is not null && original.MayWantGaps(services))
            resyncFrom.Add(original.Resolve);

        return new(new(typeof(TChannel), index), original is null ? type : original.HandlerType, descriptor, options, resolve, resyncFrom)
        {
            MethodName = original?.MethodName,
            Nameless = original is null ? $"INotificationHandler<{typeof(TChannel).Name}>" : HandlerNames.OfLambda<TChannel>(),
            TakenServices = original?.TakenServices ?? [],
        };
    }
}
