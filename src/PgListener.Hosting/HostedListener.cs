using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Registration;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>A <see cref="Listener"/> with the handlers that were registered for it.</summary>
internal sealed class HostedListener : IPgListener, IAsyncDisposable, IDisposable
{
    private readonly ListenerRegistration _registration;
    private readonly IServiceScopeFactory _scopes;
    private readonly CancellationToken _applicationStopping;
    private readonly ILogger _logger;
    private readonly SettingsReload _settings;
    private readonly ConcurrentDictionary<HandlerKey, ListenerSubscription> _handlers = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _subscribed;

    public HostedListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var own = registration.WithHost(options, services);
        _registration = registration;
        _scopes = services.GetRequiredService<IServiceScopeFactory>();
        _applicationStopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        _logger = (own.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener");
        Listener = registration.DataSource is { } dataSource
            ? new(dataSource(services), own)
            : new(options.ConnectionString!, own, builder => registration.ConfigureDataSource?.Invoke(services, builder));
        _settings = new(registration, options, services, Apply, _logger);
    }

    public Listener Listener { get; }

    /// <summary>The settings that everything is made with which a change at run time does not reach.</summary>
    public PgListenerOptions OptionsAtStart => _settings.AtStart;

    public string Name => _registration.Name;

    public ListenerState State => Listener.State;

    public ListenerStatus Status => Listener.Status;

    public IReadOnlyList<SubscriptionStatistics> GetStatistics() => Listener.GetStatistics();

    public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
    {
        add => Listener.StateChanged += value;
        remove => Listener.StateChanged -= value;
    }

    /// <summary>Subscribes the handlers, and starts to connect in the background.</summary>
    public async Task StartAsync()
    {
        if (!_subscribed)
        {
            foreach (var channel in _registration.Channels)
            {
                foreach (var (key, handler) in await channel.SubscribeAsync(Listener, _registration.Services, _scopes, _settings.Current.Handlers, _logger).ConfigureAwait(false))
                    _handlers[key] = handler;
            }

            _settings.ApplyAgain(); // What changed while they were being subscribed.
            _subscribed = true;
        }

        Listener.Start();
        Listener.Listen();
        _started.TrySetResult();
    }

    public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => Listener.WaitUntilListeningAsync(cancellationToken);

    public Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => Listener.SubscribeAsync(channel, callback, options, cancellationToken);

    public Task<ListenerSubscription> SubscribeAsync<TChannel>(
        Func<Notification<TChannel>, CancellationToken, Task> callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(callback);
        var name = options?.Name ?? callback.Method.Name;
        return Listener.SubscribeAsync(TChannel.ChannelName, Read, options, cancellationToken);

        Task Read(NotificationContext context, CancellationToken token)
            => callback(new(PayloadReader.Read<TChannel>(context.Notification, name, _logger), context.Payload, context.ProcessId), token);
    }

    public async IAsyncEnumerable<Notification<TChannel>> ReadAllAsync<TChannel>(
        SubscriptionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        await foreach (var item in ReadAsync<TChannel>(options, readsGaps: false, cancellationToken).ConfigureAwait(false))
            yield return item.Notification;
    }

    public IAsyncEnumerable<StreamItem<TChannel>> ReadItemsAsync<TChannel>(SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => ReadAsync<TChannel>(options, readsGaps: true, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _settings.Dispose();
        return Listener.DisposeAsync();
    }

    /// <summary>For a container that is disposed of synchronously; a host disposes asynchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Apply(PgListenerOptions options)
    {
        Listener.Update(options);
        foreach (var (key, handler) in _handlers)
            handler.Update(options.Handlers[key]);
    }

    private async IAsyncEnumerable<StreamItem<TChannel>> ReadAsync<TChannel>(
        SubscriptionOptions? options, bool readsGaps, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TChannel : INotificationChannel<TChannel>
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _applicationStopping);

        // A hosted service that was added before this one may begin to read before the listener is started.
        if (!await UnlessStoppingAsync(IsStartedAsync(end.Token), cancellationToken).ConfigureAwait(false))
            yield break;

        options = options?.Snapshot() ?? new();
        var counters = options.Counters = new();
        var items = Listener.ReadAsync(TChannel.ChannelName, options, readsGaps, end.Token).GetAsyncEnumerator(end.Token);
        await using (items.ConfigureAwait(false))
        {
            while (await UnlessStoppingAsync(items.MoveNextAsync(), cancellationToken).ConfigureAwait(false))
            {
                if (items.Current.IsGap(out var gap))
                {
                    yield return new(gap);
                    continue;
                }

                var notification = items.Current.Notification;
                if (!PayloadReader.TryRead<TChannel>(notification, options.Name ?? "A reader", _logger, out var value, out var cause))
                    counters.Fail(ErrorType.Of(cause));
                else
                    yield return new(new Notification<TChannel>(value, notification.Payload, notification.ProcessId));
            }
        }
    }

    private async ValueTask<bool> IsStartedAsync(CancellationToken cancellationToken)
    {
        await _started.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether there is more to read. The stopping of the host is an ordinary end of it.</summary>
    private async ValueTask<bool> UnlessStoppingAsync(ValueTask<bool> more, CancellationToken cancellationToken)
    {
        try
        {
            return await more.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_applicationStopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
