using Microsoft.Extensions.DependencyInjection.Extensions;
using PgListener.Registration;
using PgListener.Testing;
using PgListener.Testing.Memory;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the harness, which tests an application without a server.</summary>
public static class PgListenerHarnessServiceCollectionExtensions
{
    /// <summary>Replaces the server of all listeners and publishers with an in-memory server, and adds a <see cref="PgListenerHarness"/> to test them with.</summary>
    /// <param name="services">The application's services; in <c>ConfigureTestServices</c> of a <c>WebApplicationFactory</c>, its argument.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// Connection strings and data sources are not needed then, and are not checked; all other settings are checked as usual. It may be called before or after
    /// <c>AddPgListener</c>, and more than once.
    /// </remarks>
    public static IServiceCollection AddPgListenerHarness(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<MemoryServer>();
        services.TryAddSingleton<CallLog>();
        services.Replace(ServiceDescriptor.Singleton<IListenerConnector, MemoryConnector>());
        services.TryAddSingleton(provider => new PgListenerHarness(new(
            provider.GetRequiredService<MemoryServer>(), provider.GetRequiredService<CallLog>(), () => ListenerRegistration.All(services))));
        return services;
    }
}
