using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>A handler added with <c>AddHandler</c>.</summary>
/// <param name="handlerType">The class; <see langword="null"/> for a delegate.</param>
/// <param name="key">The key of the listener's handlers in DI; <see langword="null"/> for the listener without a name.</param>
/// <param name="resolve">Gets the handler from a scope.</param>
/// <param name="options">Its settings.</param>
internal sealed class HandlerRegistration<TChannel>(
    Type? handlerType, string? key, Func<IServiceProvider, INotificationHandler<TChannel>> resolve, HostedHandlerOptions options)
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>The class; <see langword="null"/> for a delegate.</summary>
    public Type? HandlerType => handlerType;

    /// <summary>The name of a delegate's method, if it has one.</summary>
    public string? MethodName { get; init; }

    /// <summary>The services that a delegate takes from the scope.</summary>
    public IReadOnlyList<Type> TakenServices { get; init; } = [];

    public HostedHandlerOptions Options => options;

    /// <summary>Gets the handler itself from a scope.</summary>
    public Func<IServiceProvider, INotificationHandler<TChannel>> Resolve => resolve;

    /// <summary>Its name in messages about its registration.</summary>
    public string DisplayName => options.Name ?? (handlerType is null ? MethodName ?? HandlerNames.OfLambda<TChannel>() : HandlerName.Of(handlerType));

    /// <summary>Its registration as <see cref="INotificationHandler{TChannel}"/>. If the collection no longer contains it, it was replaced or decorated.</summary>
    public ServiceDescriptor Descriptor { get; } = key is null
        ? ServiceDescriptor.Transient(scope => HandlerProxy<TChannel>.Of(resolve(scope)))
        : ServiceDescriptor.KeyedTransient(key, (scope, _) => HandlerProxy<TChannel>.Of(resolve(scope)));

    /// <summary>The mark before the registration.</summary>
    public HandlerMark Begin { get; } = new();

    /// <summary>The mark after the registration.</summary>
    public HandlerMark End { get; } = new();

    /// <summary>Whether gaps may have to be announced to it, as it is registered now. A factory may create a derived class that implements <see cref="IResyncHandler{TChannel}"/>.</summary>
    public bool MayWantGaps(IServiceCollection services)
    {
        if (handlerType is null)
            return options.OnResync is not null;
        if (typeof(IResyncHandler<TChannel>).IsAssignableFrom(handlerType))
            return true;

        var ofClass = services.LastOrDefault(descriptor => descriptor.ServiceType == handlerType && !descriptor.IsKeyedService);
        return !handlerType.IsSealed && ofClass is not null && (HandlerFactory.TypeOf(ofClass) is not { } type || typeof(IResyncHandler<TChannel>).IsAssignableFrom(type));
    }
}
