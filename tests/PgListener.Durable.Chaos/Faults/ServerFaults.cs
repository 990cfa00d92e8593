using PgListener.Testing;

namespace PgListener.Durable.Chaos.Faults;

/// <summary>What happens to the server.</summary>
internal sealed class ServerFaults(EphemeralPostgres server, ChaosDatabase database)
{
    /// <summary>Does it.</summary>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        switch (kind)
        {
            case FaultKind.KillServer:
                await server.KillAsync();
                await Task.Delay(random.Next(1_000));
                await server.StartAsync();
                break;

            case FaultKind.RestartServer:
                await server.RestartAsync();
                break;

            default:
                await database.HoldTransactionAsync(TimeSpan.FromSeconds(3 + 5 * random.NextDouble()));
                break;
        }

        return null;
    }
}
