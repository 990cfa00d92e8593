using System.Diagnostics;
using System.Transactions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Connections;
using PgListener.Publishing;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>Publishes notifications on connections of a data source, or on the caller's own.</summary>
/// <inheritdoc cref="INotificationPublisher" path="/remarks"/>
public sealed class NotificationPublisher : INotificationPublisher, IAsyncDisposable, IDisposable
{
    private readonly NotificationPublisherOptions _options;
    private readonly IPublisherLink _link;
    private readonly PublisherTelemetry _telemetry;
    private readonly Coalescer? _coalescer;
    private volatile bool _disposed;

    /// <summary>Creates a publisher with a pool of its own, which stays empty until something is published.</summary>
    /// <param name="connectionString">How to connect, in Npgsql's form: <c>Host=…;Username=…;Password=…;Database=…</c>. Of several hosts the primary is used unless <c>Target Session Attributes</c> says otherwise. The client encoding is always UTF-8.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <param name="configureDataSource">Adds what a connection string cannot say, such as a password provider or certificates.</param>
    /// <exception cref="ArgumentException">The connection string or a setting is wrong; the message names the keyword, never its value.</exception>
    public NotificationPublisher(
        string connectionString,
        NotificationPublisherOptions? options = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSource = null)
        : this(logger => new PooledSender(DataSourceFactory.Build(connectionString, configureDataSource), isOwn: true, logger), options)
    {
    }

    /// <summary>Creates a publisher on connections of a data source that exists already.</summary>
    /// <param name="dataSource">Where connections come from; of an <see cref="NpgsqlMultiHostDataSource"/> those to the primary, unless its <c>Target Session Attributes</c> say otherwise. It stays yours to dispose of, after the publisher.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public NotificationPublisher(NpgsqlDataSource dataSource, NotificationPublisherOptions? options = null)
        : this(logger => new PooledSender(dataSource ?? throw new ArgumentNullException(nameof(dataSource)), isOwn: false, logger), options)
    {
    }

    /// <summary>Checks everything first: what fails leaves neither a data source nor an instrument behind.</summary>
    /// <param name="connect">Makes the way to the server.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    internal NotificationPublisher(Func<ILogger, IPublisherLink> connect, NotificationPublisherOptions? options)
    {
        _options = options?.Snapshot() ?? new();
        Setting.ThrowIfInvalid(_options, nameof(options));
        var time = _options.TimeProvider ?? TimeProvider.System;
        var logger = new SafeLogger((_options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        _link = connect(logger);
        try
        {
            _telemetry = new(_options.MeterFactory, _options.Name, time, logger);
        }
        catch
        {
            _link.Dispose();
            throw;
        }

        if (_options.CoalesceWindow is { } window)
            _coalescer = new(_link, window, _options, time, logger);
    }

    /// <inheritdoc/>
    public async Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var channel = request.ChannelType is { } type && _options.ChannelNames.TryGetValue(type, out var mapped) ? mapped : request.Channel;
        var notifications = RequestWriter.Write(request, channel, ChannelName.WithPrefix(_options.ChannelPrefix ?? "", channel), _options.AllowDuplicates);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var caller = _link.CallerOf(request);
        ThrowIfMergeable(request, channel, notifications, isAlone: caller is null && Transaction.Current is null);
        if (notifications.Length == 0)
            return;

        if (caller is not null)
            await caller.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (_telemetry.IsObserved)
            await SendObservedAsync(channel, notifications, caller, cancellationToken).ConfigureAwait(false);
        else
            await SendAsync(notifications, caller, Activity.Current?.Context ?? default, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes in no more, sends what was coalesced within <see cref="NotificationPublisherOptions.StopTimeout"/>, and gives up the publisher's own connections.</summary>
    /// <returns>A task that completes when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (_coalescer is not null)
            await _coalescer.DisposeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
        _telemetry.Dispose();
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and blocks as long as that takes.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private Task SendObservedAsync(string channel, Outgoing[] notifications, ICallerConnection? caller, CancellationToken cancellationToken)
        => _telemetry.SendAsync(
            channel,
            notifications.Length,
            caller?.Server,
            context => SendAsync(notifications, caller, context, cancellationToken));

    /// <summary>Sends, with the context of a span if that is wanted.</summary>
    private Task SendAsync(Outgoing[] notifications, ICallerConnection? caller, in ActivityContext context, CancellationToken cancellationToken)
    {
        if (_options.PropagateTraceContext && context != default)
            AddTraceContext(notifications, context);
        if (caller is not null)
            return caller.SendAsync(notifications, cancellationToken);

        // What is coalesced is sent by somebody else, outside the caller's ambient transaction.
        return _coalescer is not null && Transaction.Current is null
            ? _coalescer.PublishAsync(notifications, cancellationToken)
            : _link.SendAsync(notifications, cancellationToken);
    }

    private static void AddTraceContext(Outgoing[] notifications, in ActivityContext context)
    {
        foreach (ref var notification in notifications.AsSpan())
            notification = notification with { Payload = TraceContext.Inject(notification.Payload, context) };
    }

    /// <summary>Refuses what PostgreSQL might merge although that is not wanted: it is not known what else is in a transaction of somebody else's.</summary>
    private void ThrowIfMergeable(PublishRequest request, string channel, Outgoing[] notifications, bool isAlone)
    {
        if (!_options.AllowDuplicates || request.IgnoresTrailingWhitespace || notifications.Length == 0)
            return;

        if (!isAlone || notifications.Distinct().Count() < notifications.Length)
        {
            throw new InvalidOperationException(
                $"PostgreSQL merges identical notifications of one transaction, and those on channel '{ChannelName.Show(channel)}' cannot be made distinct, as {nameof(NotificationPublisherOptions.AllowDuplicates)} " +
                "demands, since nothing is known that its readers would ignore. Use a JSON channel, or put a number into the payload and publish with a publisher that does not demand it.");
        }
    }
}
