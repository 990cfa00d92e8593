using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>An item of a typed channel's stream: a notification, or a gap in which notifications may be missing.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
public readonly record struct StreamItem<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    private readonly Notification<TChannel> _notification;

    /// <summary>Creates an item that is a notification.</summary>
    /// <param name="notification">The notification.</param>
    public StreamItem(Notification<TChannel> notification) => _notification = notification;

    /// <summary>Creates an item that is a gap.</summary>
    /// <param name="resync">The gap.</param>
    public StreamItem(Resync resync)
    {
        ArgumentNullException.ThrowIfNull(resync);
        Resync = resync;
    }

    /// <summary>The gap's reason and time window; <see langword="null"/> if this is a notification.</summary>
    public Resync? Resync { get; }

    /// <summary>The notification.</summary>
    /// <exception cref="InvalidOperationException">This is a gap.</exception>
    public Notification<TChannel> Notification => Resync is null ? _notification : throw new InvalidOperationException("This is a gap and not a notification; ask IsGap first.");

    /// <summary>On a stream of a durable channel: where it goes on after this item, to be given to <see cref="SubscriptionOptions.StartAfter"/>.</summary>
    /// <value><see langword="null"/> on other channels.</value>
    public string? Position => Resync is { } gap ? gap.Position : _notification.Message?.Position;

    /// <summary>Whether this is a gap.</summary>
    /// <param name="resync">The gap's reason and time window.</param>
    /// <returns><see langword="true"/> if it is a gap, <see langword="false"/> if it is a notification.</returns>
    public bool IsGap([NotNullWhen(true)] out Resync? resync) => (resync = Resync) is not null;

    /// <summary>Describes the item.</summary>
    /// <returns>The notification or the gap as text.</returns>
    public override string ToString() => Resync?.ToString() ?? _notification.ToString();
}
