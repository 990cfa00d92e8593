using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.EntityFrameworkCore.Design;

/// <summary>The services with which <c>dotnet ef migrations add</c> writes the operations of change feeds. An attribute of the application's assembly, which the package adds, names this class.</summary>
public sealed class PgListenerDesignTimeServices : IDesignTimeServices
{
    /// <inheritdoc/>
    public void ConfigureDesignTimeServices(IServiceCollection serviceCollection)
        => serviceCollection.AddSingleton<ICSharpMigrationOperationGenerator, ChangeFeedOperationGenerator>();
}
