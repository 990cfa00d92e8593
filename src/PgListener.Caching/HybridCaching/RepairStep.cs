namespace PgListener.HybridCaching;

/// <summary>One thing that is to be repaired in the shared level.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Name">The key or tag.</param>
/// <param name="IsWritten">Whether this instance had written the key lately when it heard of the removal.</param>
/// <param name="Print">What it had written; <see langword="null"/> if that is not known.</param>
internal sealed record RepairStep(RepairKind Kind, string Name, bool IsWritten = false, int? Print = null);
