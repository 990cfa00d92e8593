namespace WebApi.Sales;

/// <summary>The sales of a product.</summary>
public sealed record ProductSales(string Product, long Orders, long Quantity);
