namespace Orders;

/// <summary>What has become of the orders.</summary>
/// <param name="Orders">How many there are.</param>
/// <param name="Invoices">How many invoices there are.</param>
/// <param name="InvoicedTwice">How many orders have several: always 0.</param>
/// <param name="Instances">Which process has written how many invoices.</param>
internal sealed record Overview(int Orders, int Invoices, int InvoicedTwice, IReadOnlyList<Share> Instances);
