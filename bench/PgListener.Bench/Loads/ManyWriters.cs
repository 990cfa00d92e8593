using Npgsql;

namespace PgListener.Bench;

/// <summary>Several connections, each with one notification a transaction, as fast as they can.</summary>
internal sealed record ManyWriters(int Writers, int Count) : ILoad
{
    public MeterOrder Order => new() { Count = Count };

    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(1, Writers).Select(first => Task.Run(() => WriteAsync(first, dataSource, cancellationToken), cancellationToken)));

    private async Task WriteAsync(int first, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_notify($1, $2)", connection);
        command.Parameters.Add(new() { Value = Payload.Channel });
        var payload = new NpgsqlParameter<string> { TypedValue = "" };
        command.Parameters.Add(payload);
        await command.PrepareAsync(cancellationToken);
        for (var id = first; id <= Count; id += Writers)
        {
            payload.TypedValue = Payload.Write(id);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
