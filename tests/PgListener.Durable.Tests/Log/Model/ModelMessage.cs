namespace PgListener.Durable.Tests.Log.Model;

/// <summary>A message of a schedule, and what became of its transaction. Steps are counted from 1.</summary>
/// <param name="Payload">Its payload, unique in the schedule.</param>
/// <param name="Channel">Where it was published.</param>
/// <param name="Key">Its key, whose writers wait for each other.</param>
/// <param name="Inserted">The step in which it was inserted.</param>
internal sealed record ModelMessage(string Payload, string Channel, string? Key, int Inserted)
{
    /// <summary>The step in which it was committed.</summary>
    public int? Committed { get; set; }
}
