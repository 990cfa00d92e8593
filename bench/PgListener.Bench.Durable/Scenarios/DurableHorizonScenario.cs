using System.Data;
using Npgsql;

namespace PgListener.Bench;

/// <summary>What a transaction that stays open in the same database does to the rate.</summary>
internal sealed class DurableHorizonScenario(DurableSize size) : IScenario
{
    private const string Held = ", transaction open";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly string[] Consumers = [MessagingName.PgListener, MessagingName.SkipLocked1000, MessagingName.SkipLocked100];

    public string Name => "durable-horizon";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio("rate ÷ without it", Figure.Rate, Without),
        Column.CpuUs,
        DurableColumn.ServerCpuUs,
        new("dead rows after", Figure.DeadRows, "#,0"),
    ];

    public string Describe(RunMode mode)
        => $"{Count(mode):N0} messages wait, as in `durable-drain`. \"Transaction open\": all the while another session has a transaction open in the same database, which has written and keeps its snapshot. Dead rows are those of all tables of the database.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from consumer in Consumers
               from name in new[] { consumer, consumer + Held }
               let messaging = MessagingList.Find(consumer)
               select new BenchCase(name, consumer, new Waiting(messaging, Count(mode))) { WarmUp = Drain.WarmUps(messaging, Count(mode)), Seconds = 8 }];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var running = await MessagingCase.StartAsync(benchCase, server, cancellationToken);
        await running.WarmUpAsync(benchCase, cancellationToken);
        await using var connection = await running.Database.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = Without(benchCase) is null ? null : await HoldAsync(connection, cancellationToken);
        var figures = await Drain.MeasureAsync(running, (Waiting)benchCase.Load, server, cancellationToken);
        // The sessions report what they have done when they end.
        await running.Consumer.PauseAsync(cancellationToken);
        await Task.Delay(Settling, cancellationToken);
        figures[Figure.DeadRows] = await running.Database.CountAsync("SELECT sum(n_dead_tup) FROM pg_stat_user_tables", cancellationToken);
        return figures;
    }

    private static async Task<NpgsqlTransaction> HoldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_current_xact_id()::text", connection);
        await command.ExecuteScalarAsync(cancellationToken);
        return transaction;
    }

    private static string? Without(BenchCase benchCase) => benchCase.Name.EndsWith(Held, StringComparison.Ordinal) ? benchCase.Consumer : null;

    private int Count(RunMode mode) => size.MessagesOr(mode, 300_000, 30_000);
}
