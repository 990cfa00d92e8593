namespace WebApi.Sales;

/// <summary>What has been sold of a product.</summary>
public sealed record ProductSales(string Product, long Orders, long Quantity);
