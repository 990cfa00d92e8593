using PgListener.Durable.Membership;

namespace PgListener.Durable.Streams;

/// <summary>Where and when a position means something: transaction numbers begin anew in another cluster, and some are given again after a crash of the server.</summary>
/// <param name="System">The cluster's system identifier.</param>
/// <param name="Base">The highest id that the log had when it came into the cluster, which tells apart two stays in the same one.</param>
/// <param name="Run">The time from one crash of the server to the next.</param>
internal sealed record LogEpoch(long System, long Base, string Run)
{
    public bool IsOf(Cluster cluster) => cluster.System == System && cluster.Base == Base;
}
