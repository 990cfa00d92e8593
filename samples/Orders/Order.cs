namespace Orders;

internal sealed class Order
{
    public long Id { get; set; }

    public required string Customer { get; set; }

    public decimal Total { get; set; }
}
