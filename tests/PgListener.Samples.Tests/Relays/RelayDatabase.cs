using Npgsql;
using PgListener.Testing;

namespace PgListener.Samples.Tests.Relays;

/// <summary>The database whose messages are relayed, and those who write them, while the server may be killed.</summary>
internal sealed class RelayDatabase : IAsyncDisposable
{
    private const int Writers = 4;
    private const int BatchSize = 25;

    /// <summary>The unit in which messages are written.</summary>
    public const int Round = Writers * BatchSize;

    /// <summary>One transaction, which leaves a mark: if its outcome is not known, it can be tried again without doing it twice. Only its writer writes its keys.</summary>
    private const string WriteBatch = """
        with new as (insert into batch (writer, number) values ($1, $2) on conflict do nothing returning 1)
        select count(pglistener.publish('order_placed', format('{"key":"%s","number":%s}', m.key, m.number), m.key))
        from new, (select $1 || '-' || i % 5 as key, $2 * 25 + i as number from generate_series(1, 25) i) m
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlDataSource _source;

    private RelayDatabase(NpgsqlDataSource source) => _source = source;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Creates the schema and the table of marks.</summary>
    public static async Task<RelayDatabase> CreateAsync(EphemeralPostgres server)
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false });
        await DurableSchema.CreateAsync(source, cancellationToken: Cancellation);
        await using var command = source.CreateCommand("create table batch (writer text, number int, primary key (writer, number))");
        await command.ExecuteNonQueryAsync(Cancellation);
        return new(source);
    }

    /// <summary>Publishes, by several writers at a time.</summary>
    /// <param name="messages">How many; a multiple of <see cref="Round"/>.</param>
    public Task WriteAsync(int messages) => Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync($"writer{writer}", messages / Round)));

    /// <summary>The payloads of the log, each of which is unique.</summary>
    public async Task<IReadOnlySet<string>> ReadAsync()
    {
        await using var command = _source.CreateCommand("select convert_from(payload, 'UTF8') from pglistener.message");
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var payloads = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(Cancellation))
            payloads.Add(reader.GetString(0));
        return payloads;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task WriteAsync(string writer, int batches)
    {
        for (var batch = 0; batch < batches;)
        {
            try
            {
                await using var command = _source.CreateCommand(WriteBatch);
                command.Parameters.Add(new() { Value = writer });
                command.Parameters.Add(new() { Value = batch });
                await command.ExecuteNonQueryAsync(Cancellation);
                batch++;
            }
            catch (NpgsqlException)
            {
                // The server was killed, and is started again.
                await Task.Delay(Pause, Cancellation);
            }
        }
    }
}
