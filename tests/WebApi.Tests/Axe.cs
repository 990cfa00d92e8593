using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Playwright;

namespace WebApi.Tests;

/// <summary>Looks for barriers in a page with axe-core, which npm brings: a fixed version with a known hash, once for each machine.</summary>
internal static class Axe
{
    private const string Package = "axe-core@4.10.3";
    private const string Sha512 = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg==";
    private static readonly string Cached = Path.Combine(Path.GetTempPath(), "pglistener-axe-core-4.10.3.tgz");
    private static readonly Lazy<Task<(string? Script, string WhyNot)>> Loaded = new(LoadAsync);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Reports what keeps people out, in the light and the dark scheme, on a phone and on a desktop. The page must have been opened with <c>BypassCSP</c>.</summary>
    public static async Task<IReadOnlyList<string>> InspectAsync(IPage page)
    {
        var (script, whyNot) = await Loaded.Value;
        Assert.SkipWhen(script is null, whyNot);
        await page.EvaluateAsync(script!);
        var found = new List<string>();
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            foreach (var width in new[] { 360, 1280 })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                await page.SetViewportSizeAsync(width, 800);
                var violations = await page.EvaluateAsync<string[]>(
                    "async () => (await axe.run()).violations.map(one => `${one.id}, ${one.impact}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`)");
                found.AddRange(violations.Select(violation => $"{scheme} {width}: {violation}"));
            }
        }

        return found;
    }

    private static async Task<(string? Script, string WhyNot)> LoadAsync()
    {
        try
        {
            if (!File.Exists(Cached))
                await FetchAsync();
            var package = await File.ReadAllBytesAsync(Cached, Cancellation);
            Assert.Equal(Sha512, Convert.ToBase64String(SHA512.HashData(package)));
            await using var unzipped = new GZipStream(new MemoryStream(package), CompressionMode.Decompress);
            await using var files = new TarReader(unzipped);
            while (await files.GetNextEntryAsync(cancellationToken: Cancellation) is { } file)
            {
                if (file.Name == "package/axe.min.js")
                    return (await new StreamReader(file.DataStream!).ReadToEndAsync(Cancellation), "");
            }

            throw new InvalidOperationException($"There is no axe.min.js in {Package}.");
        }
        catch (Win32Exception e)
        {
            return (null, $"There is no npm, which brings {Package}: {e.Message}");
        }
        catch (IOException e)
        {
            return (null, $"npm did not bring {Package}: {e.Message}");
        }
    }

    private static async Task FetchAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pglistener-axe-").FullName;
        try
        {
            using var npm = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["pack", Package, "--ignore-scripts", "--silent", "--fetch-retries=0", "--pack-destination", folder])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = npm.StandardError.ReadToEndAsync(Cancellation);
            _ = npm.StandardOutput.ReadToEndAsync(Cancellation);
            await npm.WaitForExitAsync(Cancellation);
            if (npm.ExitCode != 0)
                throw new IOException((await errors).ReplaceLineEndings(" "));
            File.Move(Directory.GetFiles(folder).Single(), Cached, overwrite: true);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
