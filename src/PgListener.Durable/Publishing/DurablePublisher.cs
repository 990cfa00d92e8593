using System.Data.Common;
using System.Diagnostics;
using System.Transactions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Schema;
using PgListener.Publishing;
using PgListener.Telemetry;

namespace PgListener.Durable.Publishing;

/// <summary>Writes the messages of durable channels to the log, and passes everything else on to the listener's publisher, with which it shares settings, metrics and spans.</summary>
internal sealed class DurablePublisher : INotificationPublisher, IAsyncDisposable, IDisposable
{
    private readonly NotificationPublisher _notifications;
    private readonly PublisherConnections _connections;
    private readonly WakeUpSender _wakeUps;
    private readonly int _maxPayloadBytes;
    private volatile bool _disposed;

    private DurablePublisher(NotificationPublisher notifications, NpgsqlDataSource dataSource, DurableChannelOptions options, IWakeUps wakeUps)
    {
        var settings = notifications.Options;
        var logger = new SafeLogger((settings.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        _notifications = notifications;
        _connections = new(dataSource, isOwn: false, logger);
        _wakeUps = new(_connections, wakeUps, settings.TimeProvider ?? TimeProvider.System, logger);
        _maxPayloadBytes = options.MaxPayloadBytes;
    }

    /// <summary>Creates the publisher of a listener with durable channels, for <c>ListenerRegistration.DurablePublisher</c>.</summary>
    /// <param name="notifications">The listener's publisher, which is disposed of with this one.</param>
    /// <param name="dataSource">Where connections come from when the caller names none. It is not disposed of.</param>
    /// <param name="options">The settings of durable channels, already validated.</param>
    /// <param name="wakeUps">The subscriptions of this process.</param>
    public static DurablePublisher Create(NotificationPublisher notifications, NpgsqlDataSource dataSource, DurableChannelOptions options, IWakeUps wakeUps)
        => new(notifications, dataSource, options, wakeUps);

    public Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.IsDurable ? WriteAsync(request, cancellationToken) : _notifications.PublishAsync(request, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _wakeUps.DisposeAsync().ConfigureAwait(false);
        await _notifications.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task WriteAsync(PublishRequest request, CancellationToken cancellationToken)
    {
        var channel = _notifications.ChannelOf(request, out var nameInLog);
        var messages = MessageWriter.Write(request, channel, _maxPayloadBytes);
        ObjectDisposedException.ThrowIf(_disposed, _notifications);
        var caller = ConnectionRules.ConnectionOf(request);
        if (messages.Length == 0)
            return;

        if (caller is not null)
        {
            ConnectionRules.ThrowIfNotOpen(caller);
            InsertCommand.ThrowIfTooMany(caller, request.Transaction is not null, messages.Length);
        }

        // Before the first wait, because the ambient transaction may not flow with the call.
        var commit = CommitOf(request, caller, nameInLog);
        if (caller is not null)
            await ConnectionRules.ThrowIfStandbyAsync(caller, cancellationToken).ConfigureAwait(false);
        await _notifications.ObserveAsync(
            channel,
            messages.Length,
            caller is NpgsqlConnection npgsql ? $"{npgsql.Host}:{npgsql.Port}" : null,
            context => InsertAsync(caller, nameInLog, messages, context, commit, cancellationToken)).ConfigureAwait(false);
        if (commit == Commit.WithThePublish)
            _wakeUps.Committed(nameInLog);
    }

    /// <summary>Finds out when the messages are committed, and has the readers told then if that is known.</summary>
    private Commit CommitOf(PublishRequest request, DbConnection? caller, string nameInLog)
    {
        if (request.Transaction is { } transaction)
            return WatchedTransactions.TryAfterCommit(transaction, () => _wakeUps.Committed(nameInLog)) ? Commit.Told : Commit.Unknown;

        if (Transaction.Current is not { } ambient)
            return caller is null ? Commit.WithThePublish : Commit.Unknown;

        ambient.TransactionCompleted += (_, e) =>
        {
            if (e.Transaction?.TransactionInformation.Status == TransactionStatus.Committed)
                _wakeUps.Committed(nameInLog);
        };
        return Commit.Told;
    }

    private async Task InsertAsync(DbConnection? caller, string nameInLog, OutgoingMessage[] messages, ActivityContext context, Commit commit, CancellationToken cancellationToken)
    {
        var headers = MessageHeaders.Of(context);
        try
        {
            if (caller is null)
            {
                await _connections.SendAsync(
                    (connection, token) => InsertCommand.ExecuteAsync(connection, nameInLog, messages, headers, wakes: false, token), messages.Length, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var wakes = commit == Commit.Unknown && _wakeUps.IsDueInTransaction(nameInLog);
                await InsertCommand.ExecuteAsync(caller, nameInLog, messages, headers, wakes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PostgresException e) when (SchemaAdvice.ForPublisher(e) is { } advice)
        {
            throw new NpgsqlException(advice, e);
        }
    }
}
