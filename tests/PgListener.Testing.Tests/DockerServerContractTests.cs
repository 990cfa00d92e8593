namespace PgListener.Testing.Tests;

/// <summary>The commands that we give docker, carried out for real by a stand-in.</summary>
public sealed class DockerServerContractTests : ServerContract, IDisposable
{
    private readonly TempFolder _temp = new();

    private protected override bool CanHaveStandby => false;

    public void Dispose() => _temp.Dispose();

    private protected override Task<EphemeralPostgres> LaunchAsync()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/postgresql"), "The stand-in for docker runs Debian's PostgreSQL.");
        return EphemeralPostgres.LaunchAsync(new() { Sources = PostgresSources.Docker }, FakeDocker.Install(_temp, FakeDocker.Engine), Sql.Token);
    }
}
