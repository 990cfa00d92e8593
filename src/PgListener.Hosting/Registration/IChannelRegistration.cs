using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>A channel of a hosted listener, with its handlers, without its type.</summary>
internal interface IChannelRegistration
{
    /// <summary>The channel's handlers, as they are registered in DI now, not yet named.</summary>
    /// <exception cref="InvalidOperationException">It is ambiguous which handlers run, or there is none.</exception>
    IEnumerable<HandlerEntry> Plan(IServiceCollection services);
}
