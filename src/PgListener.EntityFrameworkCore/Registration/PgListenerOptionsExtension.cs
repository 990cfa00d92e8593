using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using PgListener.EntityFrameworkCore.Publishing;

namespace PgListener.EntityFrameworkCore.Registration;

/// <summary>What <c>UsePgListener()</c> adds to the options of contexts.</summary>
/// <param name="name">The listener's name; <see langword="null"/> for the one without a name.</param>
/// <param name="publisher">The publisher, if it was given.</param>
internal sealed class PgListenerOptionsExtension(string? name, INotificationPublisher? publisher) : IDbContextOptionsExtension
{
    /// <summary>The provider that contexts must use.</summary>
    public const string Provider = "Npgsql.EntityFrameworkCore.PostgreSQL";

    private ExtensionInfo? _info;

    public DbContextOptionsExtensionInfo Info => _info ??= new(this);

    /// <summary>Adds the services of each context.</summary>
    public void ApplyServices(IServiceCollection services)
    {
        services.AddScoped<PublishQueue>();
        services.AddScoped<IResettableService>(provider => provider.GetRequiredService<PublishQueue>());
        services.AddScoped<IInterceptor, PublishInterceptor>();
        DifferRegistration.Decorate(services);
    }

    public void Validate(IDbContextOptions options)
    {
    }

    /// <summary>Finds the publisher.</summary>
    /// <param name="options">The context's options.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public INotificationPublisher PublisherFor(IDbContextOptions options)
    {
        if (publisher is not null)
            return publisher;

        if (options.FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider is not { } services)
            throw new InvalidOperationException("The context does not know the services of the application, so it has no publisher. Register it with AddDbContext, AddDbContextPool or AddDbContextFactory, or give it a publisher: UsePgListener(publisher).");

        return (name is null ? services.GetService<INotificationPublisher>() : services.GetKeyedService<INotificationPublisher>(name))
            ?? throw new InvalidOperationException(
                name is null
                    ? "The application has no INotificationPublisher. Call services.AddPgListener(), or name a listener of the application: UsePgListener(\"name\")."
                    : $"The application has no INotificationPublisher with the key '{name}'. Call services.AddPgListener(\"{name}\"), or name another listener in UsePgListener(\"{name}\").");
    }

    private sealed class ExtensionInfo(PgListenerOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        private readonly string _name = extension.Name;

        public override bool IsDatabaseProvider => false;

        public override string LogFragment => _name.Length == 0 ? "using PgListener " : string.Create(CultureInfo.InvariantCulture, $"using PgListener '{_name}' ");

        /// <summary>The services do not depend on the settings, so contexts with other ones share them.</summary>
        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["PgListener:Name"] = _name;
    }

    private string Name => name ?? "";
}
