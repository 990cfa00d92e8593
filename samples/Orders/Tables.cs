using Microsoft.EntityFrameworkCore;

namespace Orders;

/// <summary>Creates the sample's tables. A real application has migrations.</summary>
internal sealed class Tables(IServiceScopeFactory scopes)
{
    private const string Script = """
        CREATE TABLE IF NOT EXISTS "Orders" ("Id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, "Customer" text NOT NULL, "Total" numeric NOT NULL);
        CREATE TABLE IF NOT EXISTS "Invoices" ("Id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, "OrderId" bigint NOT NULL, "Total" numeric NOT NULL, "By" integer NOT NULL);
        """;

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ShopDb>().Database.ExecuteSqlRawAsync(Script, cancellationToken);
    }
}
