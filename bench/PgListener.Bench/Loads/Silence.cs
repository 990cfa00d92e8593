using Npgsql;

namespace PgListener.Bench;

/// <summary>Nothing, for a while.</summary>
internal sealed record Silence(TimeSpan Duration) : ILoad
{
    public MeterOrder Order => new();

    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Task.Delay(Duration, cancellationToken);
}
