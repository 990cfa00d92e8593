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
    /// <param name="configureDataSource">Configures what a connection string cannot express, such as a password provider or certificates.</param>
    /// <exception cref="ArgumentException">The connection string or a setting is wrong; the message names the keyword, never its value.</exception>
    public NotificationPublisher(
        string connectionString,
        NotificationPublisherOptions? options = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSource = null)
        : this(logger => new PooledSender(DataSourceFactory.Build(connectionString, configureDataSource), isOwn: true, logger), options)
    {
    }

    /// <summary>Creates a publisher on connections of an existing data source.</summary>
    /// <param name="dataSource">The data source that connections are taken from; from an <see cref="NpgsqlMultiHostDataSource"/>, those to the primary, unless its <c>Target Session Attributes</c> say otherwise. The publisher does not dispose of it; dispose of it after the publisher.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public NotificationPublisher(NpgsqlDataSource dataSource, NotificationPublisherOptions? options = null)
        : this(logger => new PooledSender(dataSource ?? throw new ArgumentNullException(nameof(dataSource)), isOwn: false, logger), options)
    {
    }

    /// <summary>Checks everything first, so that a failure leaves neither a data source nor an instrument behind.</summary>
    /// <param name="connect">Creates the link to the server.</param>
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
            _coalescer = new(_link, window, _options, time, new(TimeProvider.System), logger);
    }

    /// <inheritdoc/>
    public async Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ThrowIfDurable(request);
        var channel = ChannelOf(request, out var serverName);
        var notifications = RequestWriter.Write(request, channel, serverName, _options.AllowDuplicates);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var caller = _link.CallerOf(request);
        ThrowIfMergeable(request, channel, notifications, isAlone: caller is null && Transaction.Current is null);
        if (notifications.Length == 0)
            return;

        if (caller is not null)
            await caller.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (_telemetry.IsObserved)
            await ObserveAsync(channel, notifications.Length, caller?.Server, context => SendAsync(notifications, caller, context, cancellationToken)).ConfigureAwait(false);
        else
            await SendAsync(notifications, caller, CurrentContext, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Accepts no more, sends what was coalesced within <see cref="NotificationPublisherOptions.StopTimeout"/>, and disposes of the publisher's own connections.</summary>
    /// <returns>A task that completes when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (_coalescer is not null)
            await _coalescer.DisposeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
        _telemetry.Dispose();
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and blocks until that is done.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>The settings in force.</summary>
    internal NotificationPublisherOptions Options => _options;

    /// <summary>The trace context to send along if no span is begun.</summary>
    private ActivityContext CurrentContext => _options.PropagateTraceContext ? Activity.Current?.Context ?? default : default;

    /// <summary>Finds a request's channel.</summary>
    /// <param name="request">The request.</param>
    /// <param name="serverName">Its name at the server.</param>
    /// <returns>Its name in the application.</returns>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    internal string ChannelOf(PublishRequest request, out string serverName)
    {
        var channel = request.ChannelType is { } type && _options.ChannelNames.TryGetValue(type, out var mapped) ? mapped : request.Channel;
        serverName = ChannelName.WithPrefix(_options.ChannelPrefix ?? "", channel);
        return channel;
    }

    /// <summary>Runs a publish within its span and counts it, if that is collected.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="count">How many notifications or messages it publishes.</param>
    /// <param name="server">The server as <c>host:port</c>, if it is known.</param>
    /// <param name="send">Sends. Its argument is the trace context to send along; the default if there is none.</param>
    internal Task ObserveAsync(string channel, int count, string? server, Func<ActivityContext, Task> send)
        => _telemetry.IsObserved
            ? _telemetry.SendAsync(channel, count, server, context => send(_options.PropagateTraceContext ? context : default))
            : send(CurrentContext);

    /// <summary>Sends, with a trace context if there is one.</summary>
    private Task SendAsync(Outgoing[] notifications, ICallerConnection? caller, in ActivityContext context, CancellationToken cancellationToken)
    {
        if (context != default)
            AddTraceContext(notifications, context);
        if (caller is not null)
            return caller.SendAsync(notifications, cancellationToken);

        // Another task sends what is coalesced, and the caller's ambient transaction does not apply there.
        return _coalescer is not null && Transaction.Current is null
            ? _coalescer.PublishAsync(notifications, cancellationToken)
            : _link.SendAsync(notifications, cancellationToken);
    }

    /// <summary>Refuses what would be lost while nobody listens, although its type promises that it is not.</summary>
    private static void ThrowIfDurable(PublishRequest request)
    {
        if (request.IsDurable)
        {
            throw new InvalidOperationException(
                $"{request.ChannelType} is a durable channel, and this publisher sends notifications only. Use the INotificationPublisher of an application that calls AddPgListener().AddDurableChannels(), from the package PgListener.Durable.");
        }
    }

    private static void AddTraceContext(Outgoing[] notifications, in ActivityContext context)
    {
        foreach (ref var notification in notifications.AsSpan())
            notification = notification with { Payload = TraceContext.Inject(notification.Payload, context) };
    }

    /// <summary>Refuses what PostgreSQL might merge despite <c>AllowDuplicates</c>. What else a transaction of the caller's contains is not known.</summary>
    private void ThrowIfMergeable(PublishRequest request, string channel, Outgoing[] notifications, bool isAlone)
    {
        if (!_options.AllowDuplicates || request.IgnoresTrailingWhitespace || notifications.Length == 0)
            return;

        if (!isAlone || notifications.Distinct().Count() < notifications.Length)
        {
            throw new InvalidOperationException(
                $"PostgreSQL merges identical notifications of one transaction. {nameof(NotificationPublisherOptions.AllowDuplicates)} is set, but those on channel '{ChannelName.Show(channel)}' cannot be made distinct, because its " +
                $"readers may not ignore white space at the end. Use a JSON channel, let the channel's type return true for IgnoresTrailingWhitespace, or put a number into the payload and publish without {nameof(NotificationPublisherOptions.AllowDuplicates)}.");
        }
    }
}
