using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Registration;

/// <summary>Warns about handlers that are registered in DI and that no listener of the application runs.</summary>
internal sealed class UnusedHandlers(IServiceCollection services)
{
    private int _warned;

    /// <summary>Logs them, the first time it is called.</summary>
    public void Warn(ILogger logger)
    {
        if (Interlocked.Exchange(ref _warned, 1) != 0)
            return;

        var run = ListenerRegistration.All(services).SelectMany(listener => listener.Handlers).Select(handler => handler.Descriptor).ToHashSet();
        foreach (var descriptor in services)
        {
            // The key of a handler is the name of its listener. Registrations that decorating libraries keep under keys of their own are not handlers.
            var isHandler = descriptor.ServiceType.IsGenericType && descriptor.ServiceType.GetGenericTypeDefinition() == typeof(INotificationHandler<>);
            if (!isHandler || run.Contains(descriptor) || descriptor is { ServiceKey: { } key } && !(key is string text && ListenerName.IsValid(text)))
                continue;

            var channel = descriptor.ServiceType.GetGenericArguments()[0].Name;
            var handler = HandlerFactory.TypeOf(descriptor) is { } type ? HandlerName.Of(type) : "A handler that a factory creates";
            var name = descriptor.ServiceKey is null ? "" : $"\"{descriptor.ServiceKey}\"";
            logger.HandlerNotRun(handler, channel, descriptor.ServiceKey is null ? "" : $" with the key '{descriptor.ServiceKey}'", $"AddPgListener({name}).AddChannel<{channel}>()");
        }
    }
}
