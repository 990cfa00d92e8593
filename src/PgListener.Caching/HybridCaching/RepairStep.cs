namespace PgListener.HybridCaching;

/// <summary>One thing that is to be repaired in the shared level.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Name">The key or tag.</param>
internal sealed record RepairStep(RepairKind Kind, string Name);
