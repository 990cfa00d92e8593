using PgListener.Testing;

namespace Samples;

/// <summary>Lets a sample run with nothing installed or configured. A real application has none of this.</summary>
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
            // It says which ways to a PostgreSQL there are; a stack trace would only hide that.
            await Console.Error.WriteLineAsync(e.Message);
            Environment.Exit(1);
            throw;
        }

        configuration["ConnectionStrings:Postgres"] = server.ConnectionString;
        Console.WriteLine($"Started {server.Source}, {server.ConnectionString}");
        return server;
    }
}
