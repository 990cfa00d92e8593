using PgListener.Registration;

namespace PgListener.Testing.Memory;

/// <summary>Connects the listeners and publishers of an application to the in-memory server, regardless of their connection settings.</summary>
internal sealed class MemoryConnector(MemoryServer server, CallLog calls) : IListenerConnector
{
    public string? ProblemWith(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services) => null;

    public Listener CreateListener(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
        => new(parts => new MemoryLink(server, server.LineOf(registration.Name), parts), registration.WithHost(options, services), new CallRecorder(registration.Name, calls));

    public NotificationPublisher CreatePublisher(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services)
    {
        var own = registration.PublisherWithHost(options, services);
        return new(_ => new MemoryPublisherLink(server, server.LineOf(registration.Name), own.ChannelPrefix ?? ""), own);
    }
}
