using Npgsql;

namespace PgListener.Bench;

/// <summary>Messages for several processes, whose handlers wait for a while.</summary>
/// <param name="Waiting">The messages.</param>
/// <param name="Instances">How many processes.</param>
/// <param name="Shards">Into how many shards the channel is divided.</param>
internal sealed record Shared(Waiting Waiting, int Instances, int Shards) : ILoad
{
    public const int WaitMilliseconds = 1;

    public MeterOrder Order => new() { IsOpen = true, IsShared = true, WaitMilliseconds = WaitMilliseconds };

    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Waiting.SendAsync(dataSource, cancellationToken);
}
