using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Registration;

/// <summary>A channel of a hosted listener, with its handlers, without its type.</summary>
internal interface IChannelRegistration
{
    /// <summary>Subscribes each of the channel's handlers, as they are registered in DI now.</summary>
    Task SubscribeAsync(Listener listener, IServiceCollection services, IServiceScopeFactory scopes, ILogger logger);
}
