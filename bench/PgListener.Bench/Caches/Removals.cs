using Npgsql;

namespace PgListener.Bench;

/// <summary>Values that one instance of an application removes, one after the other, and another one has in its cache.</summary>
internal sealed record Removals(int Count) : ILoad
{
    public MeterOrder Order => new() { Count = Count, Latency = true };

    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => throw new NotSupportedException("The scenario removes them itself.");
}
