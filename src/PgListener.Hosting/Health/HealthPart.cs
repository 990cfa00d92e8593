using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Health;

/// <summary>The result of a part of a health check.</summary>
/// <param name="Status">The status. Unhealthy stands for the failure status of the registration.</param>
/// <param name="Problems">What is wrong, a sentence each.</param>
/// <param name="Data">Its data.</param>
internal sealed record HealthPart(HealthStatus Status, IReadOnlyList<string> Problems, IReadOnlyDictionary<string, object> Data);
