using Npgsql;
using PgListener.Session;

namespace PgListener;

/// <summary>What a <see cref="NotificationCallback"/> is given: the notification, and a connection of its own if it asks for one.</summary>
public readonly struct NotificationContext : IEquatable<NotificationContext>
{
    private readonly ConnectionSource _connections;

    internal NotificationContext(Notification notification, ConnectionSource connections)
    {
        Notification = notification;
        _connections = connections;
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
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
        => _connections.OpenPooledAsync(cancellationToken);

    /// <inheritdoc/>
    public bool Equals(NotificationContext other) => Notification == other.Notification && _connections == other._connections;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NotificationContext other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Notification.GetHashCode();

    /// <summary>Whether two contexts hold the same notification of the same listener.</summary>
    /// <param name="left">One context.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(NotificationContext left, NotificationContext right) => left.Equals(right);

    /// <summary>Whether two contexts differ.</summary>
    /// <param name="left">One context.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(NotificationContext left, NotificationContext right) => !left.Equals(right);
}
