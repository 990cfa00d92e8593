namespace Orders;

internal sealed class Invoice
{
    public long Id { get; set; }

    public long OrderId { get; set; }

    public decimal Total { get; set; }

    /// <summary>The process that wrote it.</summary>
    public int By { get; set; }
}
