using PgListener.Durable.Chaos.Faults;

namespace PgListener.Durable.Chaos.Logs;

/// <summary>A fault, from its beginning until it was healed.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Process">To which reader; <see langword="null"/> for what all feel.</param>
/// <param name="Begun">Just before it was done.</param>
/// <param name="Ended">Just after it was healed.</param>
public sealed record Fault(FaultKind Kind, string? Process, DateTimeOffset Begun, DateTimeOffset Ended);
