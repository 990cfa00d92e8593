using Npgsql;

namespace PgListener;

/// <summary>What a <see cref="NotificationCallback"/> is given: the notification, and a connection of its own if it asks for one.</summary>
public readonly record struct NotificationContext
{
    private readonly Func<CancellationToken, ValueTask<NpgsqlConnection>>? _openConnection;

    /// <summary>Creates a context, for a test of a callback for example.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="openConnection">What <see cref="OpenConnectionAsync"/> calls.</param>
    public NotificationContext(Notification notification, Func<CancellationToken, ValueTask<NpgsqlConnection>>? openConnection = null)
    {
        Notification = notification;
        _openConnection = openConnection;
    }

    /// <summary>The notification.</summary>
    public Notification Notification { get; }

    /// <inheritdoc cref="Notification.Channel"/>
    public string Channel => Notification.Channel;

    /// <inheritdoc cref="Notification.Payload"/>
    public string Payload => Notification.Payload;

    /// <inheritdoc cref="Notification.ProcessId"/>
    public int ProcessId => Notification.ProcessId;

    /// <summary>Opens a pooled connection to the same database, for the callback's own SQL.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>An open connection; dispose of it when done.</returns>
    /// <remarks>It is never the connection that listens: a transaction on that one would stop delivery.</remarks>
    /// <exception cref="NpgsqlException">The server could not be reached or refused.</exception>
    /// <exception cref="InvalidOperationException">The context was made without a way to connections.</exception>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
        => _openConnection?.Invoke(cancellationToken) ?? throw new InvalidOperationException("This context was made without a way to connections.");
}
