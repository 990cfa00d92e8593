namespace WebApi.Orders;

/// <summary>An order in the database.</summary>
public sealed record Order(long Id, string Product, int Quantity, DateTimeOffset PlacedAt);
