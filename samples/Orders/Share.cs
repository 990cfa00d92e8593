namespace Orders;

/// <summary>What one instance has done.</summary>
internal sealed record Share(int ProcessId, int Invoices);
