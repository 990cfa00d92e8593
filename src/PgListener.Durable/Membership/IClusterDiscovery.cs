using Npgsql;

namespace PgListener.Durable.Membership;

/// <summary>Finds out which cluster a session is connected to.</summary>
internal interface IClusterDiscovery
{
    Task<Cluster> DiscoverAsync(NpgsqlConnection connection, CancellationToken cancellationToken);
}
