using Microsoft.Extensions.DependencyInjection;
using PgListener.Registration;
using PgListener.Subscriptions;

namespace PgListener;

/// <content>Handlers without a class: a lambda or a method, with up to four services from the scope.</content>
public sealed partial class PgListenerBuilder
{
    /// <summary>Adds a lambda or a method as a handler for a channel. A channel may have several, each with a queue of its own.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="handler">Called for each notification, with services from a fresh scope. In a lambda, write out the types of the parameters; the type arguments are then inferred.</param>
    /// <param name="configure">Its settings: queue, concurrency, time limit, name, filters, and the delegate to call for gaps.</param>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// <para>Each call adds another handler. It is also registered as <see cref="INotificationHandler{TChannel}"/>, and can be decorated as a class can.</para>
    /// <para>
    /// In logs, metrics and settings it has the name of its method. A lambda is named after its channel (<c>OrderPlaced delegate</c>), and has no settings in the
    /// configuration unless <see cref="HostedHandlerOptions.Name"/> is set.
    /// </para>
    /// <para>If a service is not registered, the host's start fails.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is out of range, or a parameter asks for a service with a key.</exception>
    public PgListenerBuilder AddHandler<TChannel>(
        Func<Notification<TChannel>, CancellationToken, Task> handler, Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        => AddDelegate<TChannel>(handler, (notification, _, token) => handler(notification, token), [], configure);

    /// <inheritdoc cref="AddHandler{TChannel}(Func{Notification{TChannel}, CancellationToken, Task}, Action{HostedHandlerOptions})"/>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="T1">A service, from the scope.</typeparam>
    public PgListenerBuilder AddHandler<TChannel, T1>(
        Func<Notification<TChannel>, T1, CancellationToken, Task> handler, Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        where T1 : notnull
        => AddDelegate<TChannel>(handler, (notification, services, token) => handler(notification, services.GetRequiredService<T1>(), token), [typeof(T1)], configure);

    /// <inheritdoc cref="AddHandler{TChannel}(Func{Notification{TChannel}, CancellationToken, Task}, Action{HostedHandlerOptions})"/>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="T1">A service, from the scope.</typeparam>
    /// <typeparam name="T2">A service, from the scope.</typeparam>
    public PgListenerBuilder AddHandler<TChannel, T1, T2>(
        Func<Notification<TChannel>, T1, T2, CancellationToken, Task> handler, Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        where T1 : notnull
        where T2 : notnull
        => AddDelegate<TChannel>(handler, (notification, services, token) => handler(notification, services.GetRequiredService<T1>(), services.GetRequiredService<T2>(), token), [typeof(T1), typeof(T2)], configure);

    /// <inheritdoc cref="AddHandler{TChannel}(Func{Notification{TChannel}, CancellationToken, Task}, Action{HostedHandlerOptions})"/>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="T1">A service, from the scope.</typeparam>
    /// <typeparam name="T2">A service, from the scope.</typeparam>
    /// <typeparam name="T3">A service, from the scope.</typeparam>
    public PgListenerBuilder AddHandler<TChannel, T1, T2, T3>(
        Func<Notification<TChannel>, T1, T2, T3, CancellationToken, Task> handler, Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        where T1 : notnull
        where T2 : notnull
        where T3 : notnull
        => AddDelegate<TChannel>(handler, (notification, services, token) => handler(notification, services.GetRequiredService<T1>(), services.GetRequiredService<T2>(), services.GetRequiredService<T3>(), token), [typeof(T1), typeof(T2), typeof(T3)], configure);

    /// <inheritdoc cref="AddHandler{TChannel}(Func{Notification{TChannel}, CancellationToken, Task}, Action{HostedHandlerOptions})"/>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="T1">A service, from the scope.</typeparam>
    /// <typeparam name="T2">A service, from the scope.</typeparam>
    /// <typeparam name="T3">A service, from the scope.</typeparam>
    /// <typeparam name="T4">A service, from the scope.</typeparam>
    public PgListenerBuilder AddHandler<TChannel, T1, T2, T3, T4>(
        Func<Notification<TChannel>, T1, T2, T3, T4, CancellationToken, Task> handler, Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        where T1 : notnull
        where T2 : notnull
        where T3 : notnull
        where T4 : notnull
        => AddDelegate<TChannel>(handler, (notification, services, token) => handler(notification, services.GetRequiredService<T1>(), services.GetRequiredService<T2>(), services.GetRequiredService<T3>(), services.GetRequiredService<T4>(), token), [typeof(T1), typeof(T2), typeof(T3), typeof(T4)], configure);

    private PgListenerBuilder AddDelegate<TChannel>(
        Delegate handler, Func<Notification<TChannel>, IServiceProvider, CancellationToken, Task> call, Type[] services, Action<HostedHandlerOptions>? configure)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(handler);
        var options = new HostedHandlerOptions(Services);
        var registration = new HandlerRegistration<TChannel>(handlerType: null, _registration.Key, scope => new DelegateHandler<TChannel>(scope, call, options), options)
        {
            MethodName = CallbackName.OfMethod(handler),
            TakenServices = services,
        };
        var name = $"handler {registration.DisplayName} on channel {typeof(TChannel).Name}";
        if (handler.Method.GetParameters().Any(parameter => parameter.IsDefined(typeof(FromKeyedServicesAttribute), inherit: false)))
            throw new ArgumentException($"A parameter of {name} has [FromKeyedServices], which has no effect there. Take an IServiceProvider as the parameter and get the service by its key from it, or write a class.", nameof(handler));

        Configure(options, configure, name);
        _registration.Channel<TChannel>().Add(registration, Services);
        return this;
    }
}
