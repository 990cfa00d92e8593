namespace PgListener.Testing.Tests;

public sealed class LocalServerContractTests : ServerContract
{
    private protected override bool CanHaveStandby => true;

    private protected override Task<EphemeralPostgres> LaunchAsync() => EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);
}
