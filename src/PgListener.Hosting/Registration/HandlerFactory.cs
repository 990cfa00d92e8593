using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Gets the handler of one registration from a scope. The container itself resolves one of several only by creating all of them.</summary>
internal static class HandlerFactory
{
    /// <param name="descriptor">The registration.</param>
    /// <param name="key">Its key.</param>
    /// <param name="index">Its position among the registrations of its service and key.</param>
    public static Func<IServiceProvider, INotificationHandler<TChannel>> Of<TChannel>(ServiceDescriptor descriptor, object? key, int index)
        where TChannel : INotificationChannel<TChannel>
    {
        if (InstanceOf(descriptor) is INotificationHandler<TChannel> instance)
            return _ => instance;

        if (descriptor.Lifetime == ServiceLifetime.Singleton)
        {
            // It is the same in all scopes, so the others are created once at most.
            INotificationHandler<TChannel>? single = null;
            return scope => single ??= scope.GetKeyedServices<INotificationHandler<TChannel>>(key).ElementAt(index);
        }

        var make = FactoryOf(descriptor, key);
        return scope =>
        {
            var handler = (INotificationHandler<TChannel>)make(scope);
            if (handler is IAsyncDisposable or IDisposable)
                scope.GetRequiredService<OwnedHandlers>().Add(handler);
            return handler;
        };
    }

    /// <summary>The class that a registration creates, if it is known.</summary>
    public static Type? TypeOf(ServiceDescriptor descriptor) => descriptor.IsKeyedService
        ? descriptor.KeyedImplementationType ?? descriptor.KeyedImplementationInstance?.GetType()
        : descriptor.ImplementationType ?? descriptor.ImplementationInstance?.GetType();

    private static object? InstanceOf(ServiceDescriptor descriptor)
        => descriptor.IsKeyedService ? descriptor.KeyedImplementationInstance : descriptor.ImplementationInstance;

    private static Func<IServiceProvider, object> FactoryOf(ServiceDescriptor descriptor, object? key)
    {
        if (descriptor.IsKeyedService)
        {
            if (descriptor.KeyedImplementationFactory is { } keyed)
                return scope => keyed(scope, key);

            var ofKeyedType = ActivatorUtilities.CreateFactory(descriptor.KeyedImplementationType!, Type.EmptyTypes);
            return scope => ofKeyedType(scope, arguments: null);
        }

        if (descriptor.ImplementationFactory is { } factory)
            return factory;

        var ofType = ActivatorUtilities.CreateFactory(descriptor.ImplementationType!, Type.EmptyTypes);
        return scope => ofType(scope, arguments: null);
    }
}
