using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Connections;
using PgListener.Routing;
using PgListener.Session;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>Listens to PostgreSQL's notifications on one connection, which it establishes again whenever it is lost, and delivers them to callbacks and readers.</summary>
/// <remarks>
/// <para>All members may be used from several threads at a time, and from inside callbacks.</para>
/// <para>
/// Each callback and each reader has a bounded queue of its own, so one that is slow, throws or hangs does not delay the
/// others for longer than <see cref="ListenerOptions.MaxBackpressure"/>.
/// </para>
/// </remarks>
public sealed class Listener : IAsyncEnumerable<Notification>, IAsyncDisposable
{
    /// <summary>The settings of subscriptions without their own. They are valid, and nothing changes them.</summary>
    private static readonly SubscriptionOptions Defaults = new();

    private readonly OptionsInForce _options;
    private readonly IServerLink _link;
    private readonly StateMachine _state;
    private readonly ChannelTable _channels;
    private readonly SubscriptionContext _context;
    private readonly ListenerRuns _runs;
    private readonly ListenerMetrics _metrics;

    /// <summary>Creates a listener with connections of its own: one that listens, and a pool that stays empty until it is needed.</summary>
    /// <param name="connectionString">How to connect. Of several hosts the primary is used unless <c>Target Session Attributes</c> says otherwise.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <param name="configureDataSource">Configures what a connection string cannot express, such as a password provider or certificates. Called three times: for the connection that listens, for the one that proves and wakes, and for the pool of callbacks.</param>
    /// <exception cref="ArgumentException">The connection string or a setting is wrong.</exception>
    public Listener(
        string connectionString,
        ListenerOptions? options = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSource = null)
        : this(
            parts =>
            {
                ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
                return new PostgresLink(ConnectionSource.From(connectionString, parts.Options.Current, configureDataSource), parts);
            },
            options)
    {
    }

    /// <summary>Creates a listener on connections of an existing data source.</summary>
    /// <param name="dataSource">The data source that connections are taken from. The listener does not dispose of it; dispose of it after the listener.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <remarks>
    /// While it runs, the listener keeps one connection of the data source, with the settings configured there. A <c>Keepalive</c> in its
    /// connection string is of no use, because the listener asks the server itself, and costs a lock and two timers for each notification.
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public Listener(NpgsqlDataSource dataSource, ListenerOptions? options = null)
        : this(
            parts =>
            {
                ArgumentNullException.ThrowIfNull(dataSource);
                return new PostgresLink(ConnectionSource.From(dataSource), parts);
            },
            options)
    {
    }

    /// <summary>Creates a listener from a link to a server.</summary>
    /// <param name="connect">Creates the link.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <param name="observer">Notified of every call; optional.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    internal Listener(Func<SessionParts, IServerLink> connect, ListenerOptions? options, ICallObserver? observer = null)
    {
        var settings = options?.Snapshot() ?? new();
        Setting.ThrowIfInvalid(settings, nameof(options));
        _options = new(settings);
        var logger = new SafeLogger((settings.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        var time = settings.TimeProvider ?? TimeProvider.System;
        var backpressure = new Backpressure(time);
        var lastGood = new LastGood();
        _state = new(time, logger, this);
        var routes = new Routes(settings.ChannelPrefix);
        var difference = new Difference(routes);
        _channels = new(routes, difference);
        var owner = new SessionOwner(difference, new(routes), _state, lastGood);
        _link = connect(new(owner, _channels, backpressure, _options, time, logger));
        try
        {
            _metrics = new(settings.MeterFactory, settings.Name);
        }
        catch
        {
            _link.Dispose();
            throw;
        }

        _context = new(_options, backpressure, lastGood, _link.OpenPooledAsync, time, logger) { Metrics = _metrics, Server = () => Status.Server, Observer = observer };
        var loop = new ListenerLoop(_link.RunAsync, owner, _options, time, Random.Shared.NextDouble, logger) { OnFailure = _metrics.ConnectionFailed, WaitToRetry = _link.WaitToRetryAsync };
        _runs = new(owner, _channels, _link, loop, _context.Dispatching, _options, time, logger);
        _metrics.Observe(
            () => _context.Series.Current,
            () => new(_state.Status.State, _state.Reconnects, _state.Status.RoundTrip, _state.Status.QueueUsage));
    }

    /// <summary>Whether there is a database, and not only the memory of a test.</summary>
    internal bool HasDatabase => _link.HasDatabase;

    /// <summary>Its metrics, to which the package PgListener.Durable adds its handlers.</summary>
    internal ListenerMetrics Metrics => _metrics;

    /// <summary>Whether the listener was started and not yet stopped. It may be reconnecting: see <see cref="State"/>.</summary>
    public bool IsStarted => _runs.IsStarted;

    /// <summary>Raised when the state has changed.</summary>
    /// <remarks>Raised on the thread pool, one change after the other, in order. An exception of an event handler is logged, and does not affect the others.</remarks>
    public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
    {
        add => _state.Changed += value;
        remove => _state.Changed -= value;
    }

    /// <summary>The listener's state.</summary>
    public ListenerState State => _state.Status.State;

    /// <summary>The listener's state, with its server, and what is wrong if something is.</summary>
    public ListenerStatus Status => _state.Status;

    /// <summary>The connection that listens, for inspection: its server, its <see cref="NpgsqlConnection.ProcessID"/>, its state.</summary>
    /// <remarks>
    /// It waits for notifications nearly all the time, so a command on it fails with an
    /// <see cref="NpgsqlOperationInProgressException"/>. For SQL in a callback, use <see cref="NotificationContext.OpenConnectionAsync"/>.
    /// </remarks>
    /// <exception cref="ListenerStartException">The listener is not started.</exception>
    /// <exception cref="ListenerException">The listener is started, but not connected at the moment.</exception>
    public NpgsqlConnection Connection
    {
        get
        {
            if (!IsStarted)
                throw new ListenerStartException();
            return _link.Connection ?? throw new ListenerException($"The listener is not connected at the moment: its state is {State}.");
        }
    }

    /// <summary>Connects, and completes when the server listens to every channel added so far.</summary>
    /// <param name="cancellationToken">Ends the attempt; the listener is then stopped.</param>
    /// <returns>A task that completes when the listener is <see cref="ListenerState.Listening"/>.</returns>
    /// <remarks>Callbacks are not called before <see cref="Listen"/>. Once this has succeeded, every lost connection is established again.</remarks>
    /// <exception cref="ListenerStartException">The listener is already started, or the first attempt failed; the cause is the inner exception. To keep trying instead, use <see cref="Start"/>.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var run = _runs.Begin(firstMustSucceed: true);
        var listening = _state.WhenListeningAsync();
        try
        {
            await (await Task.WhenAny(run.Loop, listening).WaitAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            run.Hurry();
            await _runs.EndAsync(run).ConfigureAwait(false);
            if (e is OperationCanceledException)
                throw;
            throw new ListenerStartException($"The listener could not start. {Diagnosis.Of(e)}", e);
        }

        if (!listening.IsCompletedSuccessfully)
            throw new ListenerClosedException();
    }

    /// <summary>Starts to connect in the background, and returns at once. Attempts continue until one succeeds or the listener is stopped.</summary>
    /// <remarks>To wait until the server listens, call <see cref="WaitUntilListeningAsync"/>.</remarks>
    /// <exception cref="ListenerStartException">The listener is already started.</exception>
    public void Start() => _runs.Begin(firstMustSucceed: false);

    /// <summary>Stops the listener: ends the connection, lets queued and running callbacks finish within <see cref="ListenerOptions.DrainTimeout"/>, then cancels those that are left.</summary>
    /// <param name="cancellationToken">Ends the wait for callbacks: those that are left are cancelled at once.</param>
    /// <returns>A task that completes within <see cref="ListenerOptions.DrainTimeout"/> and about a second.</returns>
    /// <remarks>
    /// Does nothing when the listener is not started. Readers end after what is queued for them. Callbacks and channels
    /// are kept: <see cref="StartAsync"/> listens to them again. A callback may stop its own listener; the stop then does not wait for it.
    /// </remarks>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_runs.Current is not { } run)
            return;

        CallbackPump.ReleaseCaller(run.Abort);
        using var hurry = cancellationToken.UnsafeRegister(static run => ((ListenerRun)run!).Hurry(), run);
        await _runs.EndAsync(run).ConfigureAwait(false);
    }

    /// <summary>Waits until the server listens to every channel that was added.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the state becomes <see cref="ListenerState.Listening"/>; a completed task if it already is.</returns>
    /// <remarks>May be called before the start.</remarks>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call.</exception>
    public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default)
        => _state.WhenListeningAsync().WaitAsync(cancellationToken);

    /// <summary>Changes settings at run time, without reconnecting.</summary>
    /// <param name="options">
    /// All settings, as for the constructor. <see cref="ListenerOptions.KeepAlive"/> and <see cref="ListenerOptions.ConnectTimeout"/>
    /// are not changed, because the connections are made with them; nor are <see cref="ListenerOptions.ChannelPrefix"/>, name, logger, clock and meter factory.
    /// </param>
    /// <remarks>
    /// Queues keep what they hold, even if it exceeds the new limits. A subscription or reader keeps the settings that its own options set: see
    /// <see cref="ListenerSubscription.Update"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is wrong. Nothing is changed.</exception>
    public void Update(ListenerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _runs.Change(() =>
        {
            _options.Replace(options, nameof(options));
            foreach (var subscription in _channels.All)
                subscription.Change();
        });
    }

    /// <summary>Adds a callback for a channel. A channel may have several.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="callback">Called for each notification, once <see cref="Listen"/> was called.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>A task that completes when the server listens; at once when the listener is not started.</returns>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    /// <exception cref="PostgresException">The server refused the channel; the callback is then not added.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call; the callback is then not added.</exception>
    public Task AddCallbackAsync(string channel, NotificationCallback callback, CancellationToken cancellationToken = default)
        => AddAsync(channel, callback, Defaults, isCleared: true, cancellationToken);

    /// <summary>Adds a callback for a channel with settings, such as <see cref="SubscriptionOptions.OnResync"/>.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="callback">Called for each notification, once <see cref="Listen"/> was called.</param>
    /// <param name="options">The settings; what is <see langword="null"/> in them is taken from the listener's.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>A task that completes when the server listens to the channel; at once when the listener is not started.</returns>
    /// <inheritdoc cref="AddCallbackAsync(string, NotificationCallback, CancellationToken)" path="/exception"/>
    public Task AddCallbackAsync(string channel, NotificationCallback callback, SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return AddAsync(channel, callback, options, isCleared: true, cancellationToken);
    }

    /// <summary>Adds a callback with settings of its own, and a handle to end it with.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="callback">Called for each notification, once <see cref="Listen"/> was called.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription, once the server listens. Clearing callbacks does not end it.</returns>
    /// <inheritdoc cref="AddCallbackAsync(string, NotificationCallback, CancellationToken)" path="/exception"/>
    public async Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        var subscription = await AddAsync(channel, callback, options ?? Defaults, isCleared: false, cancellationToken).ConfigureAwait(false);
        return new(channel, () => _runs.Remove(subscription), settings => Change(subscription, settings));
    }

    /// <summary>Does what <see cref="SubscribeAsync"/> does, for a caller that decides itself how long to wait.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="callback">Called for each notification, once <see cref="Listen"/> was called.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="settled">Completes when the server listens; already completed when the listener is not started.</param>
    internal ListenerSubscription Subscribe(string channel, NotificationCallback callback, SubscriptionOptions? options, out Task settled)
    {
        var subscription = Add(channel, callback, options ?? Defaults, isCleared: false, out var change);
        settled = _runs.SettleAsync(change, CancellationToken.None);
        return new(channel, () => _runs.Remove(subscription), settings => Change(subscription, settings));
    }

    /// <summary>Listens to a channel without a callback, to read its notifications with <c>await foreach</c>.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="cancellationToken">Ends the wait; the channel stays added.</param>
    /// <returns>A task that completes when the server listens; at once when the listener is not started.</returns>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    /// <exception cref="PostgresException">The server refused the channel; it is then not added.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call; the channel stays added, and the next start listens to it.</exception>
    public async Task AddChannelAsync(string channel, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalid(channel);
        _runs.ThrowIfDisposed();
        try
        {
            await _runs.SettleAsync(_channels.Pin(channel), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException)
        {
            _channels.Unpin(channel);
            throw;
        }
    }

    /// <summary>Removes all callbacks of a channel that were added with <see cref="AddCallbackAsync(string, NotificationCallback, CancellationToken)"/>, and the channel itself if it was added with <see cref="AddChannelAsync"/>.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">Ends the wait; the removal goes on.</param>
    /// <returns>A task that completes when the server no longer listens to it, unless a subscription or a reader still uses it.</returns>
    /// <remarks>After this, no further call of these callbacks begins, and what was queued for them is discarded. A running call is not waited for.</remarks>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call.</exception>
    public Task ClearChannelCallbacksAsync(string channel, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalid(channel);
        return _runs.SettleAsync(_runs.Clear(channel), cancellationToken);
    }

    /// <summary>Does for every channel what <see cref="ClearChannelCallbacksAsync"/> does for one.</summary>
    /// <param name="cancellationToken">Ends the wait; the removal goes on.</param>
    /// <returns>A task that completes when the server no longer listens to any of them.</returns>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call.</exception>
    public Task ClearAllChannelsAsync(CancellationToken cancellationToken = default)
        => _runs.SettleAsync(Task.WhenAll(_channels.ClearableChannels().Select(_runs.Clear)), cancellationToken);

    /// <summary>Begins to call callbacks, in the background. Does not block, and does nothing when they are already called.</summary>
    /// <remarks>
    /// What arrives before this or after <see cref="AbortListen"/> waits in the callbacks' queues. A queue that is full
    /// then drops the newest notifications, and reading does not pause for it.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    public void Listen() => _runs.Dispatch(true);

    /// <summary>Stops calling callbacks. Does not block, and does nothing when they are not called. A running call continues.</summary>
    public void AbortListen() => _runs.Dispatch(false);

    /// <summary>Reads every notification of every channel the listener listens to, from now on.</summary>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>An enumerator with a queue of its own: every enumerator sees every notification. It ends when the listener is stopped.</returns>
    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    public IAsyncEnumerator<Notification> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        return AddReader(channel: null, new(), cancellationToken, out _);
    }

    /// <summary>Reads every notification of every channel the listener listens to, with settings.</summary>
    /// <param name="options">
    /// The settings. Set <see cref="SubscriptionOptions.OnResync"/> to be notified of gaps, in their place among the notifications. Concurrency and
    /// time limit do not apply to a reader.
    /// </param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the first read on. They end when the listener is stopped.</returns>
    /// <remarks>
    /// A reader whose queue is full drops the newest notifications and announces the gap, so that it never pauses reading for the others:
    /// <see cref="FullQueueMode.Drop"/> is the default for readers. Exceptions of <see cref="SubscriptionOptions.OnResync"/> are thrown to the reader.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    public async IAsyncEnumerable<Notification> ReadAllAsync(SubscriptionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var reader = await OpenReaderAsync(channel: null, options, readsGaps: false, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.MoveNextAsync().ConfigureAwait(false))
                yield return reader.Current;
        }
    }

    /// <summary>Reads the notifications of one channel, and listens to it as long as it has a reader.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="options">The settings; those of the listener when left out. Concurrency and time limit do not apply to a reader.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the first read on. They end when the listener is stopped.</returns>
    /// <inheritdoc cref="ReadAllAsync(SubscriptionOptions, CancellationToken)" path="/remarks"/>
    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    /// <inheritdoc cref="AddCallbackAsync(string, NotificationCallback, CancellationToken)" path="/exception"/>
    public async IAsyncEnumerable<Notification> ReadAllAsync(
        string channel, SubscriptionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = await OpenReaderAsync(channel, options ?? new(), readsGaps: false, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.MoveNextAsync().ConfigureAwait(false))
                yield return reader.Current;
        }
    }

    /// <summary>Reads every notification of every channel the listener listens to, and the gaps in their places among them.</summary>
    /// <inheritdoc cref="ReadAllAsync(SubscriptionOptions, CancellationToken)"/>
    /// <returns>Notifications and gaps from the first read on. They end when the listener is stopped.</returns>
    public IAsyncEnumerable<StreamItem> ReadItemsAsync(SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ReadAsync(channel: null, options, cancellationToken);
    }

    /// <summary>
    /// Reads the notifications of one channel, and the gaps in their places among them, and listens to it as long as it has a reader. The
    /// first item is the gap of the start: what was sent before it is not delivered.
    /// </summary>
    /// <inheritdoc cref="ReadAllAsync(string, SubscriptionOptions, CancellationToken)"/>
    /// <returns>Notifications and gaps from the first read on. They end when the listener is stopped.</returns>
    public IAsyncEnumerable<StreamItem> ReadItemsAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => ReadAsync(channel, options ?? new(), cancellationToken);

    /// <summary>Queries which channels the server listens to for this listener.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The result of <c>pg_listening_channels()</c> on the connection that listens, without the listener's private channel, and without <see cref="ListenerOptions.ChannelPrefix"/>.</returns>
    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call.</exception>
    /// <exception cref="NpgsqlException">The connection broke during the query, or the server refused it.</exception>
    public async Task<IReadOnlyCollection<string>> GetListeningChannelsAsync(CancellationToken cancellationToken = default)
    {
        var channels = await _runs.AskAsync("SELECT pg_catalog.pg_listening_channels()", cancellationToken).ConfigureAwait(false);
        return _channels.ChannelsOf(channels);
    }

    /// <summary>Gets the counts and queues of all subscriptions and readers.</summary>
    /// <returns>A snapshot of each, ordered so that those of the same channel follow each other.</returns>
    public IReadOnlyList<SubscriptionStatistics> GetStatistics()
        => [.. _channels.All.Select(subscription => subscription.Statistics)];

    /// <summary>Stops the listener as <see cref="StopAsync"/> does, and disposes of its own connections.</summary>
    /// <returns>A task that completes when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        _runs.Dispose();
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }

    private async Task<Subscription> AddAsync(string channel, NotificationCallback callback, SubscriptionOptions options, bool isCleared, CancellationToken cancellationToken)
    {
        var subscription = Add(channel, callback, options, isCleared, out var settled);
        try
        {
            await _runs.SettleAsync(settled, cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            _runs.Remove(subscription);
            throw;
        }
    }

    private Subscription Add(string channel, NotificationCallback callback, SubscriptionOptions options, bool isCleared, out Task settled)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ThrowIfInvalid(channel);
        if (options != Defaults)
            options = Check(options, channel, callback);
        var subscription = new Subscription(channel, callback, options, _context) { IsCleared = isCleared };
        settled = _runs.Add(subscription);
        return subscription;
    }

    /// <summary>Checks settings, and makes a copy that the caller cannot change.</summary>
    private static SubscriptionOptions Check(SubscriptionOptions options, string channel, NotificationCallback callback)
    {
        ThrowIfPositioned(options);
        Setting.ThrowIfInvalid(options, nameof(options), () => $"the subscription {options.Name ?? CallbackName.Of(callback)} to channel '{channel.ReplaceLineEndings(" ")}'");
        return options.Snapshot();
    }

    /// <summary>Opens a connection beside the one that listens, from the pool that callbacks use.</summary>
    internal ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken) => _link.OpenPooledAsync(cancellationToken);

    /// <summary>Reads one channel or all, with the gaps.</summary>
    private async IAsyncEnumerable<StreamItem> ReadAsync(string? channel, SubscriptionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = await OpenReaderAsync(channel, options, readsGaps: true, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.MoveNextAsync().ConfigureAwait(false))
                yield return reader.CurrentItem;
        }
    }

    /// <summary>Begins to read once the server listens.</summary>
    internal async Task<NotificationReader> OpenReaderAsync(string? channel, SubscriptionOptions options, bool readsGaps, CancellationToken cancellationToken)
    {
        Setting.ThrowIfInvalid(options, nameof(options));
        ThrowIfPositioned(options);
        options = options.Snapshot();
        options.ReadsGaps = readsGaps;
        var reader = AddReader(channel, options, cancellationToken, out var settled);
        try
        {
            await _runs.SettleAsync(settled, cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private NotificationReader AddReader(string? channel, SubscriptionOptions options, CancellationToken cancellationToken, out Task settled)
    {
        if (channel is not null)
            ThrowIfInvalid(channel);
        options = options.Snapshot();
        var subscription = new Subscription(channel, callback: null, options, _context);
        (var queue, settled) = _runs.AddReader(subscription);
        return new(queue, options.OnResync, options.ReadsGaps, () => _runs.Remove(subscription), _options, cancellationToken);
    }

    private static void ThrowIfPositioned(SubscriptionOptions options)
    {
        if (options.StartAfter is not null)
            throw new ArgumentException($"{nameof(SubscriptionOptions.StartAfter)} is for streams of durable channels. Notifications have no position; leave it out.", nameof(options));
    }

    private void ThrowIfInvalid(string channel) => _ = ChannelName.WithPrefix(_options.Current.ChannelPrefix, channel);

    private void Change(Subscription subscription, HandlerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Setting.ThrowIfInvalid(options, nameof(options));
        _runs.Change(() => subscription.Change(options));
    }
}
