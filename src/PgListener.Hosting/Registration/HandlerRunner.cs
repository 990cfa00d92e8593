using Microsoft.Extensions.DependencyInjection;
using PgListener.Filters;
using PgListener.Payloads;
using PgListener.Telemetry;

namespace PgListener.Registration;

/// <summary>Handles the notifications of one handler: reads the payload, creates a scope, and runs the filters and the handler.</summary>
internal sealed class HandlerRunner<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    private readonly string _name;
    private readonly string _channel;
    private readonly Func<IServiceProvider, INotificationHandler<TChannel>> _resolve;
    private readonly IServiceScopeFactory _scopes;
    private readonly PayloadReader<TChannel> _payloads;
    private readonly PayloadLog _log;
    private int _saidUnheard;

    /// <param name="name">The handler's name in logs.</param>
    /// <param name="resolve">Gets it from a scope.</param>
    /// <param name="scopes">Creates the scopes.</param>
    /// <param name="log">Logs malformed payloads.</param>
    /// <param name="channel">The channel; <see langword="null"/> for the one that the type names.</param>
    /// <exception cref="InvalidOperationException">The channel's type is not usable.</exception>
    public HandlerRunner(string name, Func<IServiceProvider, INotificationHandler<TChannel>> resolve, IServiceScopeFactory scopes, PayloadLog log, string? channel = null)
    {
        _name = name;
        _channel = channel ?? TChannel.ChannelName;
        _resolve = resolve;
        _scopes = scopes;
        _payloads = new(name, channel) { Log = log };
        _log = log;
        ResyncFrom = [resolve];
    }

    /// <summary>Gets candidates from a scope, one after the other. Gaps are announced to the first that implements <see cref="IResyncHandler{TChannel}"/>.</summary>
    public IReadOnlyList<Func<IServiceProvider, INotificationHandler<TChannel>>> ResyncFrom { get; init; }

    /// <summary>Gets the filters around it from a scope, the outermost first.</summary>
    public Func<IServiceProvider, INotificationFilter>[] Filters { get; init; } = [];

    /// <summary>The listener's name, for filters.</summary>
    public string ListenerName { get; init; } = "";

    /// <summary>The handler's class if it is known, for filters.</summary>
    public Type? HandlerType { get; init; }

    public Task HandleAsync(NotificationContext context, CancellationToken cancellationToken) => HandleAsync(_payloads.Read(context.Notification), cancellationToken);

    /// <summary>Handles a message of a durable channel.</summary>
    public async Task HandleAsync(DurableMessage message, string payload, CancellationToken cancellationToken)
    {
        var call = TChannel.MeansEverything is { } meansEverything && meansEverything(payload)
            ? TellOfEverythingAsync(message, cancellationToken)
            : HandleAsync(_payloads.Read(payload, message), cancellationToken);
        await call.ConfigureAwait(false);
    }

    /// <summary>Calls the handler in a scope.</summary>
    /// <remarks>
    /// Not an async method, which would cost as much as the scope: most handlers have completed when they return. What a handler changes in the context of its
    /// thread is the caller's to restore.
    /// </remarks>
    private Task HandleAsync(in Notification<TChannel> notification, CancellationToken cancellationToken)
    {
        AsyncServiceScope? scope = null;
        Task call;
        try
        {
            scope = _scopes.CreateAsyncScope();
            var services = scope.Value.ServiceProvider;
            call = Filters.Length == 0 ? _resolve(services).HandleAsync(notification, cancellationToken) : HandleFilteredAsync(notification, services, cancellationToken);
            if (call.IsCompletedSuccessfully)
            {
                var disposal = scope.Value.DisposeAsync();
                if (disposal.IsCompletedSuccessfully)
                    return Task.CompletedTask;

                call = disposal.AsTask();
            }
        }
        catch (Exception e)
        {
            call = Task.FromException(e);
        }

        return _scopes.EndAsync(scope, call, cancellationToken);
    }

    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        try
        {
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                var call = Filters.Length == 0 ? TellAsync(resync, scope.ServiceProvider, cancellationToken) : TellFilteredAsync(resync, scope.ServiceProvider, cancellationToken);
                await call.ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException) when (_scopes.AreGone())
        {
            await HostServices.WhenCanceledAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A message that says that anything may have changed. If the call fails, the attempt has failed, as with any message.</summary>
    private Task TellOfEverythingAsync(DurableMessage message, CancellationToken cancellationToken)
    {
        if (ResyncFrom.Count > 0)
            return ResyncAsync(new(_channel, ResyncReason.Everything, message.PublishedAt, message.PublishedAt), cancellationToken);

        if (Interlocked.Exchange(ref _saidUnheard, 1) == 0)
            _log.Logger.EverythingUnheard(_name, _channel.ReplaceLineEndings(" "));
        return Task.CompletedTask;
    }

    private Task HandleFilteredAsync(Notification<TChannel> notification, IServiceProvider services, CancellationToken cancellationToken)
        => RunFilteredAsync(notification, resync: null, services, (scope, token) => _resolve(scope).HandleAsync(notification, token), cancellationToken);

    private Task TellFilteredAsync(Resync resync, IServiceProvider services, CancellationToken cancellationToken)
        => RunFilteredAsync(notification: null, resync, services, (scope, token) => TellAsync(resync, scope, token), cancellationToken);

    /// <summary>Runs the filters around a call for a notification or for a gap.</summary>
    private Task RunFilteredAsync(
        Notification<TChannel>? notification, Resync? resync, IServiceProvider services, Func<IServiceProvider, CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        var context = new NotificationFilterContext
        {
            ListenerName = ListenerName,
            Channel = _channel,
            HandlerName = _name,
            HandlerType = HandlerType,
            Value = notification is { } read ? read.Value : null,
            Payload = notification?.Payload ?? "",
            ProcessId = notification?.ProcessId ?? 0,
            Message = notification?.Message,
            Resync = resync,
            Services = services,
        };
        return new FilteredCall(Filters, _scopes, call, cancellationToken).RunAsync(context);
    }

    private Task TellAsync(Resync resync, IServiceProvider services, CancellationToken cancellationToken)
    {
        foreach (var resolve in ResyncFrom)
        {
            if (resolve(services) is IResyncHandler<TChannel> handler)
                return handler.ResyncAsync(resync, cancellationToken);
        }

        return Task.CompletedTask;
    }
}
