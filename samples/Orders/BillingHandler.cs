using PgListener;

namespace Orders;

/// <summary>Writes an invoice for each order, effectively once: the invoice and the position are committed together.</summary>
internal sealed partial class BillingHandler(ShopDb db, ILogger<BillingHandler> logger) : INotificationHandler<OrderPlaced>
{
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        var order = notification.Value;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Invoices.Add(new() { OrderId = order.Id, Total = order.Total, By = Environment.ProcessId });
        await db.SaveChangesAsync(cancellationToken);
        await notification.Message!.EnlistAsync(transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Billed(order.Id, order.Customer);
    }

    [LoggerMessage(1, LogLevel.Information, "Order {Order} of {Customer}: invoice written.")]
    private partial void Billed(long order, string customer);
}
