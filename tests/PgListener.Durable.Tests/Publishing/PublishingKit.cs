using Npgsql;
using PgListener.Durable.Publishing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>A database with the log, a publisher that writes to it, and what it has written.</summary>
internal sealed class PublishingKit : IAsyncDisposable
{
    private PublishingKit(LogDatabase database, DurablePublisher publisher, RecordedWakeUps wakeUps)
    {
        Database = database;
        Publisher = publisher;
        WakeUps = wakeUps;
    }

    public LogDatabase Database { get; }

    public DurablePublisher Publisher { get; }

    public RecordedWakeUps WakeUps { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<PublishingKit> CreateAsync(
        ServerFixture server, NotificationPublisherOptions? options = null, DurableChannelOptions? durable = null, Func<string, NpgsqlDataSource>? dataSource = null)
    {
        var database = await LogDatabase.CreateAsync(server);
        var wakeUps = new RecordedWakeUps();
        var source = dataSource?.Invoke(database.ConnectionString) ?? database.DataSource;
        return new(database, DurablePublisher.Create(new NotificationPublisher(source, options), source, durable ?? new(), wakeUps), wakeUps);
    }

    public ValueTask<NpgsqlConnection> OpenAsync() => Database.DataSource.OpenConnectionAsync(Cancellation);

    /// <summary>The payloads in the log, in the order of their ids.</summary>
    public async Task<IReadOnlyList<string>> PayloadsAsync() => [.. (await RowsAsync()).Select(row => row.Payload)];

    /// <summary>The rows of the log, in the order of their ids.</summary>
    public async Task<IReadOnlyList<Row>> RowsAsync()
    {
        await using var command = Database.DataSource.CreateCommand("select channel, key, bucket, convert_from(payload, 'UTF8'), headers::text from pglistener.message order by id");
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var rows = new List<Row>();
        while (await reader.ReadAsync(Cancellation))
            rows.Add(new(reader.GetString(0), reader.GetValue(1) as string, reader.GetInt16(2), reader.GetString(3), reader.GetValue(4) as string));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Publisher.DisposeAsync();
        await Database.DisposeAsync();
    }

    public sealed record Row(string Channel, string? Key, short Shard, string Payload, string? Headers);
}
