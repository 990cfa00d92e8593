using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.Extensions.DependencyInjection;
using Npgsql.EntityFrameworkCore.PostgreSQL.Design.Internal;
using PgListener.EntityFrameworkCore.Design;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

/// <summary>Does what <c>dotnet ef migrations add</c> does, in this process.</summary>
internal static class Tools
{
    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))]);

    /// <summary>Writes a migration.</summary>
    /// <param name="context">The context, with the migrations that there are.</param>
    /// <param name="name">The migration's name.</param>
    /// <param name="findsServices">Whether the design-time services of the package are found.</param>
    public static ScaffoldedMigration AddMigration(DbContext context, string name, bool findsServices = true)
    {
        // The order of the tool: those that the application refers to, those of the provider, those of Entity Framework Core.
        var services = new ServiceCollection();
        services.AddDbContextDesignTimeServices(context);
        if (findsServices)
            new PgListenerDesignTimeServices().ConfigureDesignTimeServices(services);
#pragma warning disable EF1001 // The tool finds it by an attribute.
        new NpgsqlDesignTimeServices().ConfigureDesignTimeServices(services);
#pragma warning restore EF1001
        services.AddEntityFrameworkDesignTimeServices();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IMigrationsScaffolder>().ScaffoldMigration(name, "Shop");
    }

    /// <summary>Compiles what was written.</summary>
    public static Assembly Compile(IEnumerable<string> sources)
    {
        var compilation = CSharpCompilation.Create(
            $"migrations_{Guid.NewGuid():n}",
            sources.Select(source => CSharpSyntaxTree.ParseText("global using System;" + source, cancellationToken: TestContext.Current.CancellationToken)),
            References.Value,
            new(OutputKind.DynamicallyLinkedLibrary));
        using var output = new MemoryStream();
        var result = compilation.Emit(output, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        output.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(output);
    }
}
