using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Stands in the collection of services before and after a handler's registration, so that what takes its place there is known to be for it.</summary>
internal sealed class HandlerMark
{
    public HandlerMark() => Descriptor = ServiceDescriptor.Singleton(this);

    public ServiceDescriptor Descriptor { get; }
}
