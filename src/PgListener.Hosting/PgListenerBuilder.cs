using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using PgListener.Registration;

namespace PgListener;

/// <summary>Adds channels and handlers to a listener.</summary>
public sealed partial class PgListenerBuilder
{
    private readonly ListenerRegistration _registration;

    internal PgListenerBuilder(ListenerRegistration registration) => _registration = registration;

    internal ListenerRegistration Registration => _registration;

    /// <summary>The listener's name; empty for the listener without a name.</summary>
    public string Name => _registration.Name;

    /// <summary>The services that the listener is added to.</summary>
    public IServiceCollection Services => _registration.Services;

    /// <summary>Adds a handler class for a channel. A channel may have several, each with a queue of its own.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="THandler">The handler's class. It is registered as transient, unless it is registered already, and resolved in a fresh scope for every notification.</typeparam>
    /// <param name="configure">Its settings: queue, concurrency, time limit, name, filters.</param>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// <para>
    /// The class is also registered as <see cref="INotificationHandler{TChannel}"/> (for a named listener with its name as the key). That registration can be replaced or
    /// decorated: whatever is registered there when the host starts runs, with the same settings. If the replacement does not implement
    /// <see cref="IResyncHandler{TChannel}"/>, and <typeparamref name="THandler"/> does, gaps are announced to <typeparamref name="THandler"/>. If it is ambiguous which
    /// replacement stands for which handler, the start fails.
    /// </para>
    /// <para>Adding the same class again for the same channel only applies further settings.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is out of range, or <see cref="HostedHandlerOptions.OnResync"/> is set.</exception>
    public PgListenerBuilder AddHandler<TChannel, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
        where THandler : class, INotificationHandler<TChannel>
    {
        var channel = _registration.Channel<TChannel>();
        var handler = channel.Find(typeof(THandler));
        if (handler is null)
        {
            Services.TryAddTransient<THandler>();
            handler = new(typeof(THandler), _registration.Key, static scope => scope.GetRequiredService<THandler>(), new(Services));
            channel.Add(handler, Services);
        }

        ConfigureClasses<TChannel>(handler.Options, configure, $"handler {HandlerName.Of(typeof(THandler))} on channel {typeof(TChannel).Name}");
        return this;
    }

    /// <summary>Runs the handlers of a channel that the application itself registers as <see cref="INotificationHandler{TChannel}"/>, before or after this call; for a named listener with its name as the key.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="configure">The settings of each of these handlers.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or <see cref="HostedHandlerOptions.OnResync"/> is set.</exception>
    public PgListenerBuilder AddChannel<TChannel>(Action<HostedHandlerOptions>? configure = null)
        where TChannel : INotificationChannel<TChannel>
    {
        ConfigureClasses<TChannel>(_registration.Channel<TChannel>().ForeignOptions ??= new(Services), configure, $"the handlers that AddChannel<{typeof(TChannel).Name}>() adds");
        return this;
    }

    /// <summary>Runs a filter around each call of the listener's handlers, inside those that were added before, and outside the handler's own.</summary>
    /// <typeparam name="TFilter">The filter's class. It is registered as transient, unless it is registered already, and resolved in the scope of each call.</typeparam>
    /// <returns>This builder.</returns>
    /// <remarks>It applies to all handlers of this listener, whether they are added before or after it. Streams and the callbacks of <c>SubscribeAsync</c> are not handlers.</remarks>
    public PgListenerBuilder AddFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>()
        where TFilter : class, INotificationFilter
    {
        _registration.Filters.Add<TFilter>();
        return this;
    }

    /// <summary>Runs a filter around each call of the listener's handlers, inside those that were added before, and outside the handler's own.</summary>
    /// <param name="filter">The filter, as <see cref="INotificationFilter.InvokeAsync"/>.</param>
    /// <returns>This builder.</returns>
    /// <inheritdoc cref="AddFilter{TFilter}" path="/remarks"/>
    public PgListenerBuilder AddFilter(Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> filter)
    {
        _registration.Filters.Add(filter);
        return this;
    }

    /// <summary>Gives a channel type another channel name on this listener: for its handlers, for subscriptions and streams by type, and for its publisher.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="channelName">The channel: 1 to 63 bytes in UTF-8 together with <see cref="ListenerOptions.ChannelPrefix"/>, upper and lower case distinct, any characters but NUL.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    public PgListenerBuilder MapChannel<TChannel>(string channelName)
        where TChannel : INotificationChannel<TChannel>
    {
        _registration.Map<TChannel>(channelName);
        return this;
    }

    /// <summary>Configures what a connection string cannot express, such as password providers and certificates, for the connections of the listener and its publisher.</summary>
    /// <param name="configure">Called for each data source: three of the listener (for the connection that listens, for the one that proves and wakes, and for the pool of callbacks), and the publisher's.</param>
    /// <returns>This builder.</returns>
    public PgListenerBuilder ConfigureDataSource(Action<IServiceProvider, NpgsqlDataSourceBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _registration.ConfigureDataSource += configure;
        return this;
    }

    /// <summary>Takes the connections of the listener and its publisher from an existing data source, instead of from a connection string.</summary>
    /// <param name="dataSource">Gets the data source, for example <c>services => services.GetRequiredService&lt;NpgsqlDataSource&gt;()</c>.</param>
    /// <returns>This builder.</returns>
    /// <inheritdoc cref="Listener(NpgsqlDataSource, ListenerOptions)" path="/remarks"/>
    public PgListenerBuilder UseDataSource(Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        _registration.UsesRegisteredDataSource = false;
        _registration.DataSource = dataSource;
        return this;
    }

    /// <summary>Takes the connections of the listener and its publisher from the <see cref="NpgsqlDataSource"/> that the application has registered in DI.</summary>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// A named listener takes the one that is registered with its name as the key; if there is none, or for the listener without a name, the one without
    /// a key. If that is not registered either, the host's start fails with an <see cref="Microsoft.Extensions.Options.OptionsValidationException"/>.
    /// </remarks>
    public PgListenerBuilder UseDataSource()
    {
        _registration.UsesRegisteredDataSource = true;
        _registration.DataSource = services => _registration.RegisteredDataSource(services) ?? throw new InvalidOperationException("No NpgsqlDataSource is registered for UseDataSource().");
        return this;
    }

    private static void ConfigureClasses<TChannel>(HostedHandlerOptions options, Action<HostedHandlerOptions>? configure, string whose)
        where TChannel : INotificationChannel<TChannel>
    {
        Configure(options, configure, whose);
        if (options.OnResync is not null)
            throw new ArgumentException($"{nameof(options.OnResync)} is for handlers without a class. Implement IResyncHandler<{typeof(TChannel).Name}> on the class instead. It was set for {whose}.", nameof(configure));
    }

    private static void Configure(HostedHandlerOptions options, Action<HostedHandlerOptions>? configure, string whose)
    {
        configure?.Invoke(options);
        var problems = options.Validate(new ValidationContext(options, nameof(HandlerOptions), serviceProvider: null, items: null));
        var text = string.Join(" ", problems.Select(problem => problem.ErrorMessage));
        if (text.Length > 0)
            throw new ArgumentException($"{text} These are settings of {whose}.", nameof(configure));
    }
}
