using PgListener;

namespace Orders;

/// <summary>Sends a mail for each order, at least once. After three failures a mail becomes a dead letter.</summary>
internal sealed partial class MailHandler(AddressBook addresses, ILogger<MailHandler> logger) : INotificationHandler<OrderPlaced>
{
    public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        var order = notification.Value;

        // A real handler gives its mail service the message's id, so that the service recognises a second delivery.
        if (!addresses.Knows(order.Customer))
            throw new InvalidOperationException($"The mail service does not know the address '{order.Customer}'.");

        Sent(order.Id, order.Customer, notification.Message!.Id, notification.Message.Attempt);
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "Order {Order}: mail sent to {Customer} (message {Message}, attempt {Attempt}).")]
    private partial void Sent(long order, string customer, long message, int attempt);
}
