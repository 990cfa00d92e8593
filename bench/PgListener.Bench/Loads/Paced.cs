using System.Diagnostics;
using Npgsql;

namespace PgListener.Bench;

/// <summary>One notification a transaction, so many a second, each with the time it was sent at.</summary>
internal sealed record Paced(int PerSecond, int Seconds) : ILoad
{
    public MeterOrder Order { get; init; } = new() { Count = PerSecond * Seconds, Latency = true };

    /// <summary>On a thread of its own, since its pace is kept by sleeping. When a sleep was too long, the next ones are sent at once.</summary>
    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => Task.Factory.StartNew(() => Send(dataSource, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Send(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        using var connection = dataSource.OpenConnection();
        using var command = new NpgsqlCommand("SELECT pg_notify($1, $2)", connection);
        command.Parameters.Add(new() { Value = Payload.Channel });
        var payload = new NpgsqlParameter<string>();
        command.Parameters.Add(payload);
        payload.TypedValue = "";
        command.Prepare();

        var begin = Stopwatch.GetTimestamp();
        for (var id = 1; id <= Order.Count; id++)
        {
            var due = TimeSpan.FromSeconds((double)(id - 1) / PerSecond);
            while (Stopwatch.GetElapsedTime(begin) < due)
                Thread.Sleep(1);
            cancellationToken.ThrowIfCancellationRequested();
            payload.TypedValue = Payload.Write(id, Stopwatch.GetTimestamp());
            command.ExecuteNonQuery();
        }
    }
}
