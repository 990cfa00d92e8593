using System.Diagnostics;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Several connections, each with one transaction after the other, as fast as the server commits.</summary>
internal sealed record Writers(TransactionKind Kind, int Count, int Seconds) : ILoad
{
    private const string BusinessRow = "INSERT INTO business (total) VALUES ($1)";
    private const string EventRow = "INSERT INTO event (channel, key, payload) VALUES ($1, $2, $3)";

    public MeterOrder Order => new();

    /// <summary>Transactions a second of all together.</summary>
    public double Rate { get; private set; }

    public static string Tables => """
        CREATE TABLE business (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL);
        CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY, channel text NOT NULL, key text NOT NULL, payload bytea NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE INDEX ON event (channel, id);
        CREATE INDEX ON event (channel, at, id);
        """;

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var sender = await PublisherSender.OpenAsync(dataSource, cancellationToken);
        var begin = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(() => WriteAsync(dataSource, sender.Bus, begin, cancellationToken), cancellationToken)));
        Rate = counts.Sum() / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private async Task<long> WriteAsync(NpgsqlDataSource dataSource, INotificationPublisher publisher, long begin, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var count = 0L;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < Seconds)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, BusinessRow, cancellationToken, 45.67m);
            await DoAsync(connection, transaction, publisher, ++count, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return count;
    }

    private async Task DoAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, INotificationPublisher publisher, long id, CancellationToken cancellationToken)
    {
        var message = BenchMessage.Of(id, 0);
        if (Kind == TransactionKind.Publish)
            await publisher.PublishAsync(message, transaction, cancellationToken);
        if (Kind is TransactionKind.AnotherRow or TransactionKind.AnotherRowAndNotify)
        {
            var payload = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message, BenchMessage.JsonTypeInfo);
            await ExecuteAsync(connection, EventRow, cancellationToken, BenchMessage.ChannelName, message.Customer, payload);
        }

        if (Kind == TransactionKind.AnotherRowAndNotify)
            await ExecuteAsync(connection, SkipLockedSql.Notify, cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
