using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Npgsql;
using PgListener.TestServer;

namespace PgListener.Packaging.Tests;

/// <summary>A stranger's application, which knows nothing of this repository but its packages.</summary>
[Collection(nameof(PackedPackages))]
public sealed partial class ConsumerTests(PackedPackages packages, ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_outside_the_repository_runs_with_the_packages_alone()
    {
        await using var server = await TestServers.StartAsync();
        var folder = packages.NewFolder("consumer");
        foreach (var file in Directory.GetFiles(Path.Combine(ChildProcess.RepositoryRoot, "tests", "PackageConsumer")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        (await NuGetConfigAsync()).Save(Path.Combine(folder, "NuGet.config"));

        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NUGET_PACKAGES"] = packages.NewFolder("cache"),
            ["ConnectionStrings__Postgres"] = server.ConnectionString,
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
        };
        var printed = await ChildProcess.DotnetAsync(
            ["build", "--output", Path.Combine(folder, "out"), $"-p:PgListenerVersion={packages.Version}"], environment, folder, Cancellation);
        Assert.Equal(Mistakes(folder), PackedPackages.Warnings(printed).Select(warning => Warning().Replace(warning, "${file}(${line}): ${id}").Trim()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["pglistener.core", "pglistener.hosting", "pglistener.testing"],
            Directory.GetDirectories(environment["NUGET_PACKAGES"], "pglistener.*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

        using var app = ChildProcess.Start(ChildProcess.Dotnet, [Path.Combine(folder, "out", "PackageConsumer.dll")], environment, folder);
        try
        {
            Assert.Equal("listening with PgListener.Testing", await LineAsync(app, "listening"));
            await using var sender = NpgsqlDataSource.Create(server.ConnectionString);
            await using var command = sender.CreateCommand("""select pg_notify('packaged_order_placed', '{"id":7,"total":12.5}')""");
            await command.ExecuteNonQueryAsync(Cancellation);
            Assert.Equal("order 7 for 12.5", await LineAsync(app, "order"));
            await app.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            Assert.Equal(0, app.ExitCode);
        }
        finally
        {
            if (!app.HasExited)
                app.Kill();
        }
    }

    /// <summary>What the analyzers of the package have to find: lines that end with the id of a rule.</summary>
    private static IEnumerable<string> Mistakes(string folder)
        => File.ReadLines(Path.Combine(folder, "Mistakes.cs")).Index()
            .Where(line => line.Item.Contains("// PGL", StringComparison.Ordinal))
            .Select(line => string.Create(CultureInfo.InvariantCulture, $"Mistakes.cs({line.Index + 1}): {line.Item[^6..]}"))
            .Order(StringComparer.Ordinal);

    /// <summary>The packages from their folder only, everything else from the sources of this machine, or from its cache.</summary>
    private async Task<XElement> NuGetConfigAsync()
    {
        var sources = Source().Matches(await ListAsync("list", "source"));
        Assert.NotEmpty(sources);
        var cache = (await ListAsync("locals", "global-packages", "--list"))["global-packages:".Length..].Trim();
        return new(
            "configuration",
            new XElement("packageSources", Add("packed", packages.Folder), sources.Select(source => Add(source.Groups["name"].Value, source.Groups["value"].Value))),
            new XElement("fallbackPackageFolders", Add("cache", cache)),
            new XElement("packageSourceMapping", new XElement("clear"), From("packed", "PgListener.*"), sources.Select(source => From(source.Groups["name"].Value, "*"))));

        static Task<string> ListAsync(params string[] arguments)
            => ChildProcess.DotnetAsync(["nuget", .. arguments], folder: ChildProcess.RepositoryRoot, cancellationToken: Cancellation);

        static XElement Add(string key, string value)
            => new(
                "add",
                new XAttribute("key", key),
                new XAttribute("value", value),
                value.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ? new XAttribute("allowInsecureConnections", "true") : null);

        static XElement From(string key, string pattern)
            => new("packageSource", new XAttribute("key", key), new XElement("package", new XAttribute("pattern", pattern)));
    }

    private async Task<string> LineAsync(Process app, string beginning)
    {
        while (await app.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation) is { } line)
        {
            output.WriteLine(line);
            if (line.StartsWith(beginning, StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException($"The application ended without a line '{beginning}…'.");
    }

    [GeneratedRegex(@"^.*?(?<file>[^/\\]+)\((?<line>[0-9]+),[0-9]+\): warning (?<id>PGL[0-9]+): .*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Warning();

    [GeneratedRegex(@"^ *[0-9]+\. +(?<name>.+) \[Enabled\]\r?\n +(?<value>.+?)\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Source();
}
