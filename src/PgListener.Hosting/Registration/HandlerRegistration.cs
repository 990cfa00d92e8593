using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>A handler class added with <c>AddHandler</c>.</summary>
/// <param name="HandlerType">The class.</param>
/// <param name="Descriptor">Its registration as <see cref="INotificationHandler{TChannel}"/>. If that is gone from the collection, somebody has replaced or decorated it.</param>
/// <param name="Resolve">Gets the class itself from a scope.</param>
/// <param name="Options">Its settings.</param>
internal sealed record HandlerRegistration<TChannel>(
    Type HandlerType,
    ServiceDescriptor Descriptor,
    Func<IServiceProvider, INotificationHandler<TChannel>> Resolve,
    HandlerOptions Options)
    where TChannel : INotificationChannel<TChannel>;
