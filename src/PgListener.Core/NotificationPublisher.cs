using System.Diagnostics;
using System.Transactions;
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
    private readonly Formatter _formatter;
    private readonly PooledSender _sender;
    private readonly PublisherTelemetry _telemetry;
    private readonly Coalescer? _coalescer;
    private readonly NpgsqlDataSource? _ownDataSource;
    private volatile bool _disposed;

    /// <summary>Creates a publisher with a pool of its own, which stays empty until something is published.</summary>
    /// <param name="connectionString">How to connect. Of several hosts the primary is used unless <c>Target Session Attributes</c> says otherwise.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <param name="configureDataSource">Adds what a connection string cannot say, such as a password provider or certificates.</param>
    /// <exception cref="ArgumentException">The connection string or a setting is wrong.</exception>
    public NotificationPublisher(
        string connectionString,
        NotificationPublisherOptions? options = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSource = null)
        : this(DataSourceFactory.Build(connectionString, configureDataSource), options)
    {
        _ownDataSource = _sender.DataSource;
    }

    /// <summary>Creates a publisher on connections of a data source that exists already.</summary>
    /// <param name="dataSource">Where connections come from. It stays yours to dispose of, after the publisher.</param>
    /// <param name="options">The settings; the defaults when left out.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public NotificationPublisher(NpgsqlDataSource dataSource, NotificationPublisherOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        _options = options?.Snapshot() ?? new();
        Setting.ThrowIfInvalid(_options, nameof(options));
        var time = _options.TimeProvider ?? TimeProvider.System;
        var logger = new SafeLogger((_options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        _formatter = new(_options.AllowDuplicates);
        _sender = new(dataSource, logger);
        _telemetry = new(_options.MeterFactory, _options.Name, time, logger);
        if (_options.CoalesceWindow is { } window)
            _coalescer = new(_sender, window, _options, time, logger);
    }

    /// <inheritdoc/>
    public async Task PublishAsync<TChannel>(TChannel value, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.Format(value), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishAsync<TChannel>(TChannel value, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.Format(value), connection, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishAsync<TChannel>(TChannel value, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.Format(value), transaction, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.FormatMany(values), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.FormatMany(values), connection, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => await SendAsync(_formatter.FormatMany(values), transaction, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishAsync(string channel, string payload, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.Raw(channel, payload), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishAsync(string channel, string payload, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.Raw(channel, payload), connection, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishAsync(string channel, string payload, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.Raw(channel, payload), transaction, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync(string channel, IEnumerable<string> payloads, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.RawMany(channel, payloads), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync(string channel, IEnumerable<string> payloads, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.RawMany(channel, payloads), connection, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task PublishManyAsync(string channel, IEnumerable<string> payloads, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        => await SendAsync(Formatter.RawMany(channel, payloads), transaction, cancellationToken).ConfigureAwait(false);

    /// <summary>Takes in no more, sends what was coalesced within <see cref="NotificationPublisherOptions.StopTimeout"/>, and gives up the publisher's own connections.</summary>
    /// <returns>A task that completes when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (_coalescer is not null)
            await _coalescer.DisposeAsync().ConfigureAwait(false);
        if (_ownDataSource is not null)
            await _ownDataSource.DisposeAsync().ConfigureAwait(false);
        _telemetry.Dispose();
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and blocks as long as that takes.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private Task SendAsync(Message message, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var isAlone = Transaction.Current is null;
        ThrowIfMergeable(message, isAlone);
        if (message.Notifications.Length == 0)
            return Task.CompletedTask;

        // What is coalesced is sent by somebody else, outside the caller's ambient transaction.
        return ObserveAsync(message, server: null, notifications => _coalescer is not null && isAlone
            ? _coalescer.PublishAsync(notifications, cancellationToken)
            : _sender.SendAsync(notifications, cancellationToken));
    }

    private async Task SendAsync(Message message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(connection);
        ThrowIfMergeable(message, isAlone: false);
        if (message.Notifications.Length == 0)
            return;

        await ConnectionRules.CheckAsync(connection, cancellationToken).ConfigureAwait(false);
        await ObserveAsync(message, $"{connection.Host}:{connection.Port}", notifications =>
            NotifyCommand.ExecuteAsync(connection, notifications, cancellationToken)).ConfigureAwait(false);
    }

    private async Task SendAsync(Message message, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        await SendAsync(message, ConnectionRules.ConnectionOf(transaction), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends within a span, whose context goes along if that is wanted.</summary>
    private Task ObserveAsync(in Message message, string? server, Func<Outgoing[], Task> send)
    {
        var notifications = message.Notifications;
        return _telemetry.SendAsync(notifications[0].Channel, notifications.Length, server, context => send(WithContext(notifications, context)));
    }

    private Outgoing[] WithContext(Outgoing[] notifications, ActivityContext context)
        => _options.PropagateTraceContext && context != default
            ? Array.ConvertAll(notifications, notification => notification with { Payload = TraceContext.Inject(notification.Payload, context) })
            : notifications;

    /// <summary>Refuses what PostgreSQL might merge although it shall not: it is not known what else is in a transaction of somebody else's.</summary>
    private void ThrowIfMergeable(Message message, bool isAlone)
    {
        if (_options.AllowDuplicates && message.CanBeMerged && message.Notifications.Length > 0 && (!isAlone || message.HasDuplicates))
        {
            throw new InvalidOperationException(
                $"PostgreSQL merges identical notifications of one transaction, and those on channel '{message.Notifications[0].Channel}' cannot be made distinct, as {nameof(NotificationPublisherOptions.AllowDuplicates)} " +
                "demands, since nothing is known that its readers would ignore. Use a JSON channel, or put a number into the payload and publish with a publisher that does not demand it.");
        }
    }
}
