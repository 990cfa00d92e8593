using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Consumers in JavaScript. npm brings the libraries, once.</summary>
internal sealed class NodePeer : IPeer
{
    private const string Program = "node";
    private const string Script = "consumer.js";
    private const string Packages = "package.json";
    private static readonly string Source = Path.Combine(Repository.Bench, "PgListener.Bench", "Peers", "node");
    private static readonly string Folder = Path.Combine(Repository.Results, "node");

    public IReadOnlyList<string> Consumers { get; } = [Kind.NodePg, Kind.NodePgListen];

    public ProcessStartInfo StartInfo(string consumer) => new(Program, ["--expose-gc", Path.Combine(Folder, Script), consumer]);

    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        if (Tool.Find(Program) is null)
            return "Node.js is not installed";
        if (Tool.Find("npm") is not { } npm)
            return "npm is not installed, which brings the libraries";

        var packages = await File.ReadAllTextAsync(Path.Combine(Source, Packages), cancellationToken);
        var installed = Path.Combine(Folder, Packages);
        Directory.CreateDirectory(Folder);
        File.Copy(Path.Combine(Source, Script), Path.Combine(Folder, Script), overwrite: true);
        if (File.Exists(installed) && await File.ReadAllTextAsync(installed, cancellationToken) == packages)
            return null;

        // The list of packages comes last, so that an installation that failed is tried again.
        string[] names = [.. System.Text.Json.Nodes.JsonNode.Parse(packages)!["dependencies"]!.AsObject().Select(package => $"{package.Key}@{package.Value}")];
        var failure = await Tool.RunAsync(npm, Folder, ["install", "--prefix", Folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", .. names], cancellationToken);
        if (failure is not null)
            return $"npm did not install {string.Join(" and ", names)}: {failure}";

        await File.WriteAllTextAsync(installed, packages, cancellationToken);
        return null;
    }
}
