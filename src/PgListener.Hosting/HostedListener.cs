using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.ChangeFeeds;
using PgListener.Payloads;
using PgListener.Registration;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>A <see cref="Listener"/> with the handlers that were registered for it.</summary>
internal sealed class HostedListener : IPgListener, IAsyncDisposable, IDisposable
{
    private readonly ListenerRegistration _registration;
    private readonly IServiceScopeFactory _scopes;
    private readonly CancellationToken _applicationStopping;
    private readonly CancellationToken _applicationStarted;
    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly PayloadLog _payloadLog;
    private readonly SettingsReload _settings;
    private readonly ConcurrentDictionary<HandlerKey, ListenerSubscription> _handlers = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _subscribed;

    /// <summary>The streams of durable channels, once there was one.</summary>
    private volatile IDurableStreams? _durable;

    public HostedListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var own = registration.WithHost(options, services);
        _registration = registration;
        _services = services;
        _scopes = services.GetRequiredService<IServiceScopeFactory>();
        var lifetime = services.GetService<IHostApplicationLifetime>();
        _applicationStopping = lifetime?.ApplicationStopping ?? CancellationToken.None;
        _applicationStarted = lifetime?.ApplicationStarted ?? new(canceled: true);
        _logger = new SafeLogger((own.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        _payloadLog = new(_logger, own.TimeProvider ?? TimeProvider.System);
        Listener = services.GetRequiredService<IListenerConnector>().CreateListener(registration, options, services);
        _settings = new(registration, options, services, Apply, _logger);
        if (registration.Feeds.All is { Count: > 0 } feeds && Listener.HasDatabase)
            Feeds = new(Listener, feeds, options.ChannelPrefix ?? "", () => _settings.Current.ProveDeliveryInterval, own.TimeProvider ?? TimeProvider.System, _logger);
    }

    public Listener Listener { get; }

    public ILogger Logger => _logger;

    public PayloadLog PayloadLog => _payloadLog;

    /// <summary>The settings at the start, for everything that a change at run time does not affect.</summary>
    public PgListenerOptions OptionsAtStart => _settings.AtStart;

    public string Name => _registration.Name;

    public string ChannelNameOf<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => _registration.ChannelNameOf<TChannel>();

    public bool IsDurable<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => _registration.IsDurable<TChannel>();

    /// <inheritdoc cref="ListenerRegistration.ProblemWithFeed"/>
    public string? ProblemWithFeed<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => _registration.ProblemWithFeed<TChannel>();

    /// <summary>Checks the change feeds while the listener listens; <see langword="null"/> if there are none, or no database.</summary>
    public FeedWatch? Feeds { get; }

    public ListenerState State => Listener.State;

    public ListenerStatus Status => Listener.Status;

    public IReadOnlyList<SubscriptionStatistics> GetStatistics() => _durable is { } durable ? [.. Listener.GetStatistics(), .. durable.GetStatistics()] : Listener.GetStatistics();

    public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
    {
        add => Listener.StateChanged += value;
        remove => Listener.StateChanged -= value;
    }

    /// <summary>Subscribes the handlers, and starts to connect in the background. Does nothing if it is already started.</summary>
    public void Start()
    {
        if (Listener.IsStarted)
            return;

        if (!_subscribed)
        {
            foreach (var handler in _registration.Handlers.Where(handler => !handler.IsDurableOn(_registration)))
                _handlers[handler.Key] = handler.Subscribe(Listener, _registration, _scopes, _settings.Current.Handlers[handler.Key], _payloadLog);

            _settings.ApplyAgain(); // Settings may have changed while the handlers were being subscribed.
            _subscribed = true;
        }

        Feeds?.Start();
        Listener.Start();
        _started.TrySetResult();
    }

    public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => Listener.WaitUntilListeningAsync(cancellationToken);

    public async Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LogPayloadsOf(options);
        var subscription = Listener.Subscribe(channel, callback, options, out var listening);
        try
        {
            // The start of the host must not wait for a server that may not be available.
            var answer = _applicationStarted.IsCancellationRequested ? listening : UnlessDisconnectedAsync(listening);
            await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => UntilStoppingAsync<Notification>(async end => await OpenReaderAsync(channel, options, readsGaps: false, end).ConfigureAwait(false), cancellationToken);

    public IAsyncEnumerable<StreamItem> ReadItemsAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => UntilStoppingAsync<StreamItem>(async end => await OpenReaderAsync(channel, options, readsGaps: true, end).ConfigureAwait(false), cancellationToken);

    /// <summary>Reads a durable channel by name.</summary>
    /// <exception cref="InvalidOperationException">The listener has no durable channels.</exception>
    public IAsyncEnumerable<DurableStreamItem> ReadDurableAsync(string channel, SubscriptionOptions options, CancellationToken cancellationToken)
    {
        var durable = _durable ??= _registration.DurableStreams?.Invoke(_services)
            ?? throw new InvalidOperationException(
                $"The channel '{channel.ReplaceLineEndings(" ")}' is durable, and the listener{(Name.Length > 0 ? $" '{Name}'" : "")} has no durable channels. Call AddDurableChannels() of the package PgListener.Durable after AddPgListener(); PgListenerHarness does not run them.");
        LogPayloadsOf(options);
        return UntilStoppingAsync(end => Task.FromResult(durable.ReadAsync(channel, options, end).GetAsyncEnumerator(end)), cancellationToken);
    }

    /// <summary>
    /// Stops the listener when the container is disposed of. If the host has not stopped it before, because its start has failed, the services that
    /// handlers need no longer exist. So no further handler is called, and running ones are cancelled.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _settings.Dispose();
        if (Feeds is { } feeds)
            await feeds.DisposeAsync().ConfigureAwait(false);
        Listener.AbortListen();
        await Listener.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await Listener.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>For a container that is disposed of synchronously. A host disposes asynchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void LogPayloadsOf(SubscriptionOptions? options)
    {
        if (options?.PayloadReader is PayloadReader reader)
            reader.Log = _payloadLog;
    }

    /// <summary>Waits for the server's answer while there is a connection.</summary>
    private async Task UnlessDisconnectedAsync(Task answer)
    {
        var disconnected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Listener.StateChanged += OnStateChanged;
        try
        {
            if (!IsDisconnected(Listener.State))
                await (await Task.WhenAny(answer, disconnected.Task).ConfigureAwait(false)).ConfigureAwait(false);
        }
        finally
        {
            Listener.StateChanged -= OnStateChanged;
        }

        void OnStateChanged(object? sender, ListenerStateChangedEventArgs change)
        {
            if (IsDisconnected(change.Status.State))
                disconnected.TrySetResult();
        }

        static bool IsDisconnected(ListenerState state) => state is ListenerState.Connecting or ListenerState.Reconnecting;
    }

    private void Apply(PgListenerOptions options)
    {
        Listener.Update(options);
        foreach (var (key, handler) in _handlers)
            handler.Update(options.Handlers[key]);
    }

    private Task<NotificationReader> OpenReaderAsync(string channel, SubscriptionOptions? options, bool readsGaps, CancellationToken cancellationToken)
    {
        LogPayloadsOf(options);
        return Listener.OpenReaderAsync(channel, options ?? new(), readsGaps, cancellationToken);
    }

    /// <summary>Reads from the start of the listener until the host begins to stop, which ends the reading without an exception.</summary>
    private async IAsyncEnumerable<T> UntilStoppingAsync<T>(Func<CancellationToken, Task<IAsyncEnumerator<T>>> open, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _applicationStopping);
        IAsyncEnumerator<T> items;
        try
        {
            await _started.Task.WaitAsync(end.Token).ConfigureAwait(false); // A hosted service that was added before this one may begin to read before the listener is started.
            if (_applicationStopping.IsCancellationRequested)
                yield break;

            items = await open(end.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfStop(e, cancellationToken))
        {
            yield break;
        }

        await using (items.ConfigureAwait(false))
        {
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                }
                catch (Exception e) when (IsOfStop(e, cancellationToken))
                {
                    yield break;
                }

                yield return items.Current;
            }
        }
    }

    /// <summary>Whether the stop of the host has ended a reading, and not its caller.</summary>
    private bool IsOfStop(Exception exception, CancellationToken cancellationToken) => _applicationStopping.IsCancellationRequested && exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        InvalidOperationException => !Listener.IsStarted, // The listener was stopped just before the reading began.
        _ => false,
    };
}
