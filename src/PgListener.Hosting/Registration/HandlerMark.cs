using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Marks the place of a handler's registration in the collection of services, so that a registration that replaces it there is recognised.</summary>
internal sealed class HandlerMark
{
    public HandlerMark() => Descriptor = ServiceDescriptor.Singleton(this);

    public ServiceDescriptor Descriptor { get; }
}
