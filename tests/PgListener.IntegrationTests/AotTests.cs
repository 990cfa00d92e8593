using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using PgListener.TestServer;

namespace PgListener.IntegrationTests;

/// <summary>An application with a JSON handler, compiled ahead of time, against a real server.</summary>
public sealed class AotTests(ServerFixture server, ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Only if asked for: the native compiler takes both cores for more than a minute. The build's analyzers find what is not safe ahead of time in each run.</summary>
    [Fact(Explicit = true)]
    public async Task A_natively_compiled_application_publishes_and_handles_notifications()
    {
        var linker = Linker();
        Assert.SkipWhen(linker is null, "Native compilation needs clang or gcc on the PATH.");
        var folder = Directory.CreateTempSubdirectory("pglistener-aot-");
        try
        {
            var project = Path.Combine(ChildProcess.RepositoryRoot, "tests", "AotApp", "AotApp.csproj");

            // The native compiler analyses the whole program. What the analyzers of the C# compiler find, the build of the solution has found, and they would take longer than all the rest.
            var printed = await ChildProcess.DotnetAsync(
                ["publish", project, "-c", "Release", "-p:RunAnalyzers=false", "-r", RuntimeInformation.RuntimeIdentifier, "--artifacts-path", folder.FullName, $"-p:CppCompilerAndLinker={linker}"],
                cancellationToken: Cancellation);
            Assert.DoesNotContain("warning", printed, StringComparison.OrdinalIgnoreCase);

            var executable = folder.GetFiles(OperatingSystem.IsWindows() ? "AotApp.exe" : "AotApp", SearchOption.AllDirectories)
                .Single(file => file.Directory!.Parent!.Name == "AotApp" && file.Directory.Parent.Parent!.Name == "publish");
            var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings__Postgres"] = server.ConnectionString };
            using var app = ChildProcess.Start(executable.FullName, [], environment);
            Assert.Matches("^listening after [0-9]+ ms$", await LineAsync(app, "listening after"));
            await ReadAsync(app, "order 1 for 2.5", "order 2 for 2.5", "counted 1", "filtered CountAsync 1", "counted 2", "filtered CountAsync 2");
            await server.NotifyAsync("aot_order_placed", """{"id":7,"total":12.5}""");
            Assert.Equal("order 7 for 12.5", await LineAsync(app, "order"));
            await app.WaitForExitAsync(Cancellation).SoonAsync();
            Assert.Equal(0, app.ExitCode);

            using var reflected = ChildProcess.Start(executable.FullName, ["--reflected"], environment);
            Assert.Contains("public static JsonTypeInfo<Reflected> JsonTypeInfo => MyJsonContext.Default.Reflected;", await LineAsync(reflected, "start failed"), StringComparison.Ordinal);
            await reflected.WaitForExitAsync(Cancellation).SoonAsync();
            Assert.Equal(1, reflected.ExitCode);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The executable has {executable.Length / 1e6:0.0} MB."));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Reads what handlers print, each in its own time, until all of it has come.</summary>
    private async Task ReadAsync(Process app, params string[] expected)
    {
        var missing = new HashSet<string>(expected, StringComparer.Ordinal);
        while (missing.Count > 0)
            missing.Remove(await LineAsync(app, ""));
    }

    private async Task<string> LineAsync(Process app, string beginning)
    {
        while (await app.StandardOutput.ReadLineAsync(Cancellation).AsTask().SoonAsync() is { } line)
        {
            if (!line.StartsWith(beginning, StringComparison.Ordinal))
                continue;

            output.WriteLine(line);
            return line;
        }

        throw new InvalidOperationException($"The application ended without a line '{beginning}…'.");
    }

    private static string? Linker()
        => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator) is var folders
            ? Array.Find(["clang", "gcc"], name => folders.Any(folder => File.Exists(Path.Combine(folder, name))))
            : null;
}
