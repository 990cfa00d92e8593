using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Registration;

/// <summary>A channel of a hosted listener, with its handlers, without its type.</summary>
internal interface IChannelRegistration
{
    /// <summary>The channel's handlers, as they are registered in DI now.</summary>
    IEnumerable<HandlerEntry> Handlers(IServiceCollection services);

    /// <summary>Subscribes each of them.</summary>
    /// <param name="listener">To this.</param>
    /// <param name="services">Where they are registered.</param>
    /// <param name="scopes">Where they are resolved.</param>
    /// <param name="settings">Their settings.</param>
    /// <param name="logger">Hears of malformed payloads.</param>
    /// <returns>Their subscriptions.</returns>
    Task<IReadOnlyDictionary<HandlerKey, ListenerSubscription>> SubscribeAsync(
        Listener listener, IServiceCollection services, IServiceScopeFactory scopes, IReadOnlyDictionary<HandlerKey, HandlerOptions> settings, ILogger logger);
}
