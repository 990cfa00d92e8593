using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>Publishes the products of new orders, as an interceptor for domain events does.</summary>
internal sealed class PublishingInterceptor : SaveChangesInterceptor
{
    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        foreach (var entry in eventData.Context!.ChangeTracker.Entries<Order>())
            eventData.Context.Publish(new StockChanged(entry.Entity.Product));
        return ValueTask.FromResult(result);
    }
}
