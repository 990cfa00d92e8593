using System.Reflection;
using PgListener.UnitTests.Configuration;

namespace PgListener.ArchitectureTests;

/// <summary>AspNetCore points to Durable, everything else to Hosting, Hosting to Core, Core to Npgsql; nothing points back.</summary>
public class PackageTests
{
    /// <summary>What each package may use of ours and of others; of the shared frameworks, only what is named.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["PgListener.Core"] = ["Npgsql", "Microsoft.Extensions.Logging.Abstractions"],
        ["PgListener.Hosting"] =
        [
            "PgListener.Core", "Npgsql", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Configuration.Binder",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
            "Microsoft.Extensions.Options.ConfigurationExtensions", "Microsoft.Extensions.Primitives",
        ],
        // The status page shows and operates durable channels through IDurableChannels.
        ["PgListener.AspNetCore"] = ["PgListener.Core", "PgListener.Hosting", "PgListener.Durable", "Microsoft.AspNetCore.*", "Microsoft.Extensions.*", "Microsoft.Net.Http.Headers"],
        ["PgListener.Durable"] =
        [
            "PgListener.Core", "PgListener.Hosting", "Npgsql", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Configuration.Binder",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options", "Microsoft.Extensions.Primitives",
        ],
        // The cache itself is that of Microsoft, which is made coherent; so AddPgListenerCoherence() can come before AddHybridCache(). A source of configuration reads its table with Npgsql.
        ["PgListener.Caching"] =
        [
            "PgListener.Core", "PgListener.Hosting", "Npgsql", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Caching.Abstractions", "Microsoft.Extensions.Caching.Hybrid", "Microsoft.Extensions.Caching.Memory",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
            "Microsoft.Extensions.Primitives",
        ],
        ["PgListener.FusionCache"] =
        [
            "PgListener.Core", "PgListener.Hosting", "ZiggyCreatures.FusionCache", "Microsoft.Extensions.Caching.Abstractions", "Microsoft.Extensions.Caching.Memory",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
        ],
        // Its migrations create the schema of durable channels.
        ["PgListener.EntityFrameworkCore"] =
        [
            "PgListener.Core", "PgListener.Hosting", "PgListener.Durable", "Npgsql", "Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.*",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        ],
        // Tools load this one, from the package PgListener.EntityFrameworkCore: it knows the library by its names only.
        ["PgListener.EntityFrameworkCore.Design"] = ["Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.*", "Microsoft.Extensions.DependencyInjection.Abstractions"],
        // Compilers and editors load these, from the package PgListener.Hosting: they know the libraries by their names only.
        ["PgListener.Analyzers"] = ["Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp"],
        ["PgListener.Analyzers.CodeFixes"] = ["PgListener.Analyzers", "Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.*"],
        ["PgListener.Testing"] =
        [
            "PgListener.Core", "PgListener.Hosting", "Npgsql", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Win32.Primitives",
        ],
    };

    public static TheoryData<string> Packages => [.. Arrows.Keys];

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_uses_only_those_below_it(string package)
    {
        var others = Assembly.Load(package).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal) && name is not "netstandard" and not "mscorlib");
        Assert.DoesNotContain(others, other => !Arrows[package].Any(allowed => IsMatch(allowed, other)));
    }

    [Fact]
    public void Every_package_has_its_rule()
    {
        var packages = Directory.EnumerateDirectories(Repository.PathOf("src")).Select(Path.GetFileName);
        Assert.Equal(Arrows.Keys.Order(StringComparer.Ordinal), packages.Order(StringComparer.Ordinal));
    }

    private static bool IsMatch(string allowed, string name)
        => allowed.EndsWith(".*", StringComparison.Ordinal) ? name.StartsWith(allowed[..^1], StringComparison.Ordinal) : name == allowed;
}
