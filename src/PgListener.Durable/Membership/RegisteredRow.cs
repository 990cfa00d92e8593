namespace PgListener.Durable.Membership;

/// <summary>A subscription that was registered.</summary>
/// <param name="N">Its place in the request.</param>
/// <param name="Id">Its number.</param>
/// <param name="Shards">Its number of shards.</param>
internal sealed record RegisteredRow(int N, int Id, int Shards);
