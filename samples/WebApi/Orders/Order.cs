namespace WebApi.Orders;

/// <summary>An order as the database has it.</summary>
public sealed record Order(long Id, string Product, int Quantity, DateTimeOffset PlacedAt);
