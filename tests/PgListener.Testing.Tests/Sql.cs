using System.Diagnostics;
using Npgsql;

namespace PgListener.Testing.Tests;

internal static class Sql
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<NpgsqlConnection> OpenAsync(EphemeralPostgres postgres)
    {
        var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        return connection;
    }

    public static async Task<object?> AskAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    public static async Task<object?> AskAsync(EphemeralPostgres postgres, string sql)
    {
        await using var connection = await OpenAsync(postgres);
        return await AskAsync(connection, sql);
    }

    /// <summary>Asks until the answer is the expected one, and gives it. There is no signal for what a server does on its own.</summary>
    public static async Task<object?> UntilAsync(EphemeralPostgres postgres, string sql, object expected)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await AskAsync(postgres, sql);
            if (Equals(answer, expected) || clock.Elapsed > TimeSpan.FromSeconds(30))
                return answer;
        }
    }

    // Dead, but its new parent, the system's first process, has not asked for its exit code yet.
    private static bool IsZombie(int processId) =>
        OperatingSystem.IsLinux() && File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && !IsZombie(processId);
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return false;
        }
    }
}
