namespace PgListener.Registration;

/// <summary>Connects listeners and their publishers to a server.</summary>
internal interface IListenerConnector
{
    /// <summary>The problem with the settings of a listener's connection, in a sentence; <see langword="null"/> if there is none.</summary>
    string? ProblemWith(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);

    /// <summary>Creates a listener.</summary>
    Listener CreateListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);

    /// <summary>Creates the publisher that belongs to a listener.</summary>
    NotificationPublisher CreatePublisher(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);
}
