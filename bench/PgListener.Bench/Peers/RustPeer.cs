using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>A consumer in Rust. Cargo brings the libraries and compiles it, which takes a minute the first time.</summary>
internal sealed class RustPeer : IPeer
{
    private static readonly string Source = Path.Combine(Repository.Bench, "PgListener.Bench", "Peers", "rust");
    private static readonly string Folder = Path.Combine(Repository.Results, "rust");

    public IReadOnlyList<string> Consumers { get; } = [Kind.TokioPostgres];

    public ProcessStartInfo StartInfo(string consumer) => new(Path.Combine(Folder, "target", "release", "consumer"));

    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        if (Tool.Find("cargo") is not { } cargo)
            return "Cargo, Rust's package manager, is not installed";

        foreach (var file in (string[])["Cargo.toml", Path.Combine("src", "main.rs")])
        {
            var copy = Path.Combine(Folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(Source, file), copy, overwrite: true);
        }

        var failure = await Tool.RunAsync(cargo, Folder, ["build", "--release", "--quiet"], cancellationToken);
        return failure is null ? null : $"Cargo did not build it: {failure}";
    }
}
