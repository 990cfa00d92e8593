using PgListener.Testing;

namespace Samples;

/// <summary>Lets a sample run without any installation or configuration. A real application does not need it.</summary>
internal static class ThrowAwayPostgres
{
    /// <summary>Starts a server and puts it into the configuration, unless a connection string is there already.</summary>
    public static async Task<EphemeralPostgres?> StartIfNeededAsync(IConfiguration configuration)
    {
        if (!string.IsNullOrWhiteSpace(configuration.GetConnectionString("Postgres")))
            return null;

        Console.WriteLine("ConnectionStrings:Postgres is not set: starting a throw-away PostgreSQL ...");
        EphemeralPostgres server;
        try
        {
            server = await EphemeralPostgres.LaunchAsync();
        }
        catch (EphemeralPostgresException e)
        {
            // The message lists the ways to get a PostgreSQL server; a stack trace would hide it.
            await Console.Error.WriteLineAsync(e.Message);
            Environment.Exit(1);
            throw;
        }

        configuration["ConnectionStrings:Postgres"] = server.ConnectionString;
        Console.WriteLine($"Started {server.Source}, {server.ConnectionString}");
        return server;
    }
}
