using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PgListener.EntityFrameworkCore.Migrations;

namespace PgListener.EntityFrameworkCore.Registration;

/// <summary>Puts <see cref="ChangeFeedModelDiffer"/> around the differ of the provider, or of Entity Framework Core itself.</summary>
internal static class DifferRegistration
{
    public static void Decorate(IServiceCollection services)
    {
        // Extensions are applied in the order in which they were added. If the provider comes after this one, it adds no differ where there is one.
        var inner = Find(services) ?? Find(Defaults())!;
        services.RemoveAll<IMigrationsModelDiffer>();
        services.AddScoped(provider =>
        {
            var differ = (IMigrationsModelDiffer)Create(inner, provider);

            // Tests may use the model with another database, which cannot run the scripts.
            return provider.GetRequiredService<IDatabaseProvider>().Name == PgListenerOptionsExtension.Provider ? new ChangeFeedModelDiffer(differ) : differ;
        });
    }

    private static ServiceDescriptor? Find(IServiceCollection services) => services.LastOrDefault(service => service.ServiceType == typeof(IMigrationsModelDiffer));

    private static ServiceCollection Defaults()
    {
        var services = new ServiceCollection();
        new EntityFrameworkRelationalServicesBuilder(services).TryAddCoreServices();
        return services;
    }

    private static object Create(ServiceDescriptor service, IServiceProvider provider)
        => service.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!);
}
