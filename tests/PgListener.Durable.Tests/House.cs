using System.Diagnostics;
using Npgsql;
using PgListener.Testing;

namespace PgListener.Durable.Tests;

/// <summary>Moves a database into a cluster of its own, with the server's programs.</summary>
internal static class House
{
    /// <summary>Dumps a database, and restores it in a new cluster.</summary>
    public static async Task<EphemeralPostgres> MoveAsync(EphemeralPostgres from, string connectionString)
    {
        Assert.SkipUnless(from.Source.Contains("binaries in", StringComparison.Ordinal), "The server's programs are not on this machine.");
        var folder = from.Source.Split("binaries in ")[1].Split(')')[0];
        var server = await EphemeralPostgres.LaunchAsync(cancellationToken: TestContext.Current.CancellationToken);
        var file = Path.GetTempFileName();
        await RunAsync(folder, "pg_dump", connectionString, "-Fc", "-f", file);
        await RunAsync(folder, "pg_restore", server.ConnectionString, "-d", "postgres", file);
        File.Delete(file);
        return server;
    }

    private static async Task RunAsync(string folder, string program, string connectionString, params string[] arguments)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var info = new ProcessStartInfo(Path.Combine(folder, program), arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment =
            {
                ["PGHOST"] = settings.Host, ["PGPORT"] = $"{settings.Port}", ["PGUSER"] = settings.Username, ["PGPASSWORD"] = settings.Password, ["PGDATABASE"] = settings.Database,
            },
        };
        using var process = Process.Start(info)!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
    }
}
