namespace Testing;

public sealed class InMemoryTests : ShopTests
{
    private protected override async Task<IShop> StartAsync() => await ShopInMemory.StartAsync();
}
