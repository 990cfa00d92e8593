using System.Reflection.Metadata;
using System.Text.Json;
using System.Xml.Linq;
using PgListener.TestServer;

namespace PgListener.Packaging.Tests;

/// <summary>What is in the packages.</summary>
[Collection(nameof(PackedPackages))]
public sealed class PackageTests(PackedPackages packages)
{
    private static readonly string[] Ids = ["PgListener.AspNetCore", "PgListener.Caching", "PgListener.Core", "PgListener.Durable", "PgListener.EntityFrameworkCore", "PgListener.FusionCache", "PgListener.Hosting", "PgListener.Testing"];

    public static TheoryData<string> Packages => [.. Ids];

    [Fact]
    public void The_libraries_are_packed_with_their_symbols_and_without_a_warning()
    {
        Assert.Equal([], PackedPackages.Warnings(packages.Printed));
        Assert.Equal(
            Ids.SelectMany(id => new[] { $"{id}.{packages.Version}.nupkg", $"{id}.{packages.Version}.snupkg" }).Order(StringComparer.Ordinal),
            Directory.GetFiles(packages.Folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_has_its_documentation_readme_icon_and_licence(string id)
    {
        using var package = packages.Open(id);
        string[] expected = [$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md", "LICENSE", "icon.png"];
        Assert.Subset(package.Entries.Select(entry => entry.FullName).ToHashSet(StringComparer.Ordinal), expected.ToHashSet(StringComparer.Ordinal));
        Assert.All(expected, name => Assert.NotEqual(0, package.GetEntry(name)!.Length));

        var metadata = PackedPackages.Metadata(package);
        string Value(string name) => metadata.Element(metadata.Name.Namespace + name)?.Value ?? "";
        Assert.Equal((id, "README.md", "icon.png", "MIT"), (Value("id"), Value("readme"), Value("icon"), Value("license")));
        Assert.All(["description", "authors", "copyright", "tags"], name => Assert.NotEqual("", Value(name)));

        using var documentation = package.GetEntry($"lib/net10.0/{id}.xml")!.Open();
        Assert.NotEmpty(XDocument.Load(documentation).Descendants("summary"));
        using var readme = new StreamReader(package.GetEntry("README.md")!.Open());
        Assert.StartsWith($"# {id}\n", readme.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_analyzers_are_in_the_package_that_they_are_about()
    {
        using var package = packages.Open("PgListener.Hosting");
        Assert.Equal(
            ["analyzers/dotnet/cs/PgListener.Analyzers.CodeFixes.dll", "analyzers/dotnet/cs/PgListener.Analyzers.dll"],
            package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("analyzers/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.NotNull(package.GetEntry("buildTransitive/net10.0/PgListener.Hosting.props"));
        Assert.All(Ids.Where(id => id != "PgListener.Hosting"), id =>
        {
            using var other = packages.Open(id);
            Assert.DoesNotContain(other.Entries, entry => entry.FullName.StartsWith("analyzers/", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void What_the_tools_of_entity_framework_core_load_is_in_the_package_of_its_library()
    {
        using var package = packages.Open("PgListener.EntityFrameworkCore");
        Assert.NotNull(package.GetEntry("lib/net10.0/PgListener.EntityFrameworkCore.Design.dll"));
        using var targets = package.GetEntry("buildTransitive/net10.0/PgListener.EntityFrameworkCore.targets")!.Open();
        Assert.Equal(
            "PgListener.EntityFrameworkCore.Design.PgListenerDesignTimeServices, PgListener.EntityFrameworkCore.Design",
            XDocument.Load(targets).Descendants("_Parameter1").Single().Value);
    }

    /// <summary>The packages of these tests are built in an artifacts folder, whose paths name no framework. <c>dotnet pack</c> alone builds beside the projects.</summary>
    [Fact]
    public async Task The_analyzers_are_packed_from_their_own_output_folder()
    {
        var found = await ChildProcess.DotnetAsync(
            ["msbuild", Path.Combine(ChildProcess.RepositoryRoot, "src", "PgListener.Hosting"), "-target:PackAnalyzers", "-getItem:TfmSpecificPackageFile",
                "-property:Configuration=Release", "-property:TargetFramework=net10.0"],
            cancellationToken: TestContext.Current.CancellationToken);
        using var items = JsonDocument.Parse(found);
        var files = items.RootElement.GetProperty("Items").GetProperty("TfmSpecificPackageFile").EnumerateArray().Select(item => item.GetProperty("FullPath").GetString()!);
        Assert.Equal(["netstandard2.0", "netstandard2.0"], files.Select(file => Path.GetFileName(Path.GetDirectoryName(file))));
    }

    [Theory]
    [InlineData("PgListener.AspNetCore", "PgListener.Durable")]
    [InlineData("PgListener.Core", "Microsoft.Extensions.Logging.Abstractions", "Npgsql")]
    [InlineData("PgListener.Durable", "PgListener.Hosting")]
    [InlineData("PgListener.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.Relational", "PgListener.Durable", "PgListener.Hosting")]
    [InlineData(
        "PgListener.Hosting",
        "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting.Abstractions",
        "Microsoft.Extensions.Options.ConfigurationExtensions",
        "PgListener.Core")]
    [InlineData("PgListener.Testing", "Npgsql", "PgListener.Hosting")]
    public void A_package_depends_on_what_it_uses_and_on_nothing_else(string id, params string[] dependencies)
    {
        using var package = packages.Open(id);
        var metadata = PackedPackages.Metadata(package);
        Assert.Equal(dependencies, metadata.Descendants(metadata.Name.Namespace + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Order(StringComparer.Ordinal));

        // A worker service could not use a package that refers to ASP.NET Core.
        string[] frameworks = id == "PgListener.AspNetCore" ? ["Microsoft.AspNetCore.App"] : [];
        Assert.Equal(frameworks, metadata.Descendants(metadata.Name.Namespace + "frameworkReference").Select(framework => framework.Attribute("name")!.Value));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Symbols_name_no_folder_of_the_machine_that_built_them(string id)
    {
        Assert.SkipUnless(Path.Exists(Path.Combine(ChildProcess.RepositoryRoot, ".git")), "The names come from git.");
        using var package = packages.Open(id, "snupkg");
        using var compressed = package.GetEntry($"lib/net10.0/{id}.pdb")!.Open();
        using var symbols = new MemoryStream();
        compressed.CopyTo(symbols);
        symbols.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(symbols);
        var reader = provider.GetMetadataReader();
        var documents = reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name)).ToArray();
        Assert.Contains(documents, document => document.StartsWith($"/_/src/{id}/", StringComparison.Ordinal));

        // What generators wrote is embedded; here it stands outside the repository.
        Assert.All(documents.Where(document => !document.StartsWith(packages.Artifacts, StringComparison.Ordinal)), document => Assert.StartsWith("/_/", document, StringComparison.Ordinal));
    }
}
