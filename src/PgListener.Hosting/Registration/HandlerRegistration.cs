using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>A handler class added with <c>AddHandler</c>.</summary>
/// <param name="HandlerType">The class.</param>
/// <param name="Descriptor">Its registration as <see cref="INotificationHandler{TChannel}"/>. If that is gone from the collection, it was replaced or decorated.</param>
/// <param name="Resolve">Gets the class itself from a scope.</param>
/// <param name="Options">Its settings.</param>
internal sealed record HandlerRegistration<TChannel>(
    Type HandlerType,
    ServiceDescriptor Descriptor,
    Func<IServiceProvider, INotificationHandler<TChannel>> Resolve,
    HandlerOptions Options)
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>Stands before the registration.</summary>
    public HandlerMark Begin { get; } = new();

    /// <summary>Stands after the registration.</summary>
    public HandlerMark End { get; } = new();

    /// <summary>Whether the class may want to be told of gaps, as it is registered now. A factory may make a derived class that does.</summary>
    public bool MayWantGaps(IServiceCollection services)
    {
        if (typeof(IResyncHandler<TChannel>).IsAssignableFrom(HandlerType))
            return true;

        var ofClass = services.LastOrDefault(descriptor => descriptor.ServiceType == HandlerType && !descriptor.IsKeyedService);
        return !HandlerType.IsSealed && ofClass is not null && (HandlerFactory.TypeOf(ofClass) is not { } type || typeof(IResyncHandler<TChannel>).IsAssignableFrom(type));
    }
}
