[assembly: AssemblyFixture(typeof(Testing.Postgres))]

namespace Testing;

public sealed class OnPostgresTests(Postgres postgres) : ShopTests
{
    private protected override async Task<IShop> StartAsync() => await ShopOnPostgres.StartAsync(await postgres.CreateDatabaseAsync());
}
