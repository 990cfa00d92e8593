namespace PgListener.Registration;

/// <summary>Connects listeners and their publishers to a server.</summary>
internal interface IListenerConnector
{
    /// <summary>What is wrong with where a listener is to connect to, in a sentence; <see langword="null"/> if nothing is.</summary>
    string? ProblemWith(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);

    /// <summary>Makes a listener.</summary>
    Listener CreateListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);

    /// <summary>Makes the publisher that belongs to a listener.</summary>
    NotificationPublisher CreatePublisher(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services);
}
