using System.Diagnostics;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Several connections, each with its next work as soon as the last one is committed, for some seconds. Nobody listens.</summary>
internal sealed record RowWriters(RowWork Work, int Writers, int Seconds) : ILoad
{
    /// <summary>The tables of the rows.</summary>
    public const string Tables = """
        CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL, customer text NOT NULL);
        CREATE TABLE audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
        """;

    private const string InsertOrder = "INSERT INTO orders (total, customer) VALUES ($1, $2)";
    private const string InsertAudit = "INSERT INTO audit (what) VALUES ($1)";

    public MeterOrder Order => new();

    /// <summary>How often all together did their work.</summary>
    public long Count { get; private set; }

    /// <summary>How often that is in a second.</summary>
    public double Rate { get; private set; }

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var publisher = dataSource.CreatePublisher();
        var begin = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => WriteAsync(dataSource, publisher, begin, cancellationToken), cancellationToken)));
        Count = counts.Sum();
        Rate = Count / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private async Task<long> WriteAsync(NpgsqlDataSource dataSource, NotificationPublisher publisher, long begin, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var count = 0L;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < Seconds)
        {
            var order = new BenchOrder { Id = ++count, Total = 45.67m, Customer = "c-17" };
            if (Work != RowWork.PublishAlone)
                await WriteAsync(connection, publisher, order, cancellationToken);
            if (Work is RowWork.PublishAlone or RowWork.RowThenPublish)
                await publisher.PublishAsync(order, cancellationToken);
        }

        return count;
    }

    private async Task WriteAsync(NpgsqlConnection connection, NotificationPublisher publisher, BenchOrder order, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await InsertAsync(connection, InsertOrder, cancellationToken, order.Total, order.Customer);
        if (Work == RowWork.TwoRows)
            await InsertAsync(connection, InsertAudit, cancellationToken, Payload.Write(order.Id));
        if (Work == RowWork.RowAndPublish)
            await publisher.PublishAsync(order, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task InsertAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
