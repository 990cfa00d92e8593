namespace PgListener.Testing.Memory;

/// <summary>A notification that the application has published.</summary>
/// <param name="Listener">The listener that the publisher belongs to.</param>
/// <param name="Notification">The notification as it was sent.</param>
internal readonly record struct PublishedNotification(string Listener, Notification Notification);
