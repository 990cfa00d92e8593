using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;
using PgListener.TestServer;

namespace PgListener.Packaging.Tests;

/// <summary>The packages, packed once for all tests into a folder of their own, with a version that no cache can know.</summary>
[CollectionDefinition(nameof(PackedPackages))]
public sealed class PackedPackages : IAsyncLifetime, ICollectionFixture<PackedPackages>
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pglistener-pack-");

    /// <summary>The packages' version, of this run alone.</summary>
    public string Version { get; private set; } = "";

    /// <summary>What packing printed.</summary>
    public string Printed { get; private set; } = "";

    /// <summary>The folder with the packages and nothing else.</summary>
    public string Folder => Path.Combine(_folder.FullName, "packages");

    /// <summary>The folder of everything that packing wrote besides.</summary>
    public string Artifacts => Path.Combine(_folder.FullName, "artifacts");

    /// <summary>A folder outside the repository, removed after the tests.</summary>
    public string NewFolder(string name) => _folder.CreateSubdirectory(name).FullName;

    public async ValueTask InitializeAsync()
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $"test.{DateTime.UtcNow:yyyyMMddHHmmssfff}");

        // Its own folders for everything: the build that these tests belong to may still be running. That the code is in order is
        // that build's business, so the analyzers rest.
        Printed = await ChildProcess.DotnetAsync(
            ["pack", ChildProcess.RepositoryRoot, "-c", "Release", "--artifacts-path", Artifacts, "--output", Folder,
                $"-p:VersionSuffix={suffix}", "-p:RunAnalyzers=false"],
            cancellationToken: TestContext.Current.CancellationToken);
        var package = Assert.Single(Directory.GetFiles(Folder, "PgListener.Core.*.nupkg"));
        Version = Path.GetFileNameWithoutExtension(package)["PgListener.Core.".Length..];
        Assert.EndsWith(suffix, Version, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>The warnings in what a build printed.</summary>
    public static string[] Warnings(string printed) => [.. printed.Split('\n').Where(line => line.Contains(": warning", StringComparison.OrdinalIgnoreCase) || line.StartsWith("warn", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];

    /// <summary>Opens a package, or with <c>snupkg</c> its symbols.</summary>
    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.{extension}"));

    /// <summary>Reads the description of a package.</summary>
    public static XElement Metadata(ZipArchive package)
    {
        using var nuspec = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(nuspec).Root!.Elements().Single();
    }
}
