using Npgsql;

namespace PgListener;

/// <summary>The argument of a <see cref="NotificationCallback"/>: the notification, and a connection if the callback opens one.</summary>
public readonly record struct NotificationContext
{
    private readonly Func<CancellationToken, ValueTask<NpgsqlConnection>>? _openConnection;

    /// <summary>Creates a context, for a test of a callback.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="openConnection">Called by <see cref="OpenConnectionAsync"/>. Optional.</param>
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
    /// <remarks>It is never the connection that listens, on which a transaction would stop delivery.</remarks>
    /// <exception cref="NpgsqlException">The server cannot be reached, or refused the connection.</exception>
    /// <exception cref="InvalidOperationException">The context was created without <c>openConnection</c>.</exception>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
        => _openConnection?.Invoke(cancellationToken) ?? throw new InvalidOperationException("This context was created without openConnection, so it cannot open a connection.");
}
