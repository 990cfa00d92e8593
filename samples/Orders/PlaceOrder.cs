namespace Orders;

/// <summary>What is posted to place an order.</summary>
internal sealed record PlaceOrder(string Customer, decimal Total);
