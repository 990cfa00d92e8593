using PgListener.TestServer;

namespace PgListener.Testing.Tests;

/// <summary>The servers that the other test projects run on where there is a Docker engine.</summary>
public sealed class ContainerServerContractTests : ServerContract
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private protected override bool CanHaveStandby => false;

    private protected override bool SharesProcesses => false;

    private protected override async Task<EphemeralPostgres> LaunchAsync()
    {
        try
        {
            await DockerEngine.FindAsync(Machine.Current, Sql.Token);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A Docker engine is needed: {e.Message}");
        }

        return await EphemeralPostgres.LaunchServerAsync(new(new ContainerServer(), StartLimit), Sql.Token);
    }
}
