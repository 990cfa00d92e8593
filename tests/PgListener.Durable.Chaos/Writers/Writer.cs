using System.Data;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Chaos.Writers;

/// <summary>Publishes in one random transaction after the other, and records what became of each. The writers of an account wait for each other on its row.</summary>
internal sealed class Writer(string connectionString, INotificationPublisher publisher, Numbers numbers, RunLog log, int seed)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly Random _random = new(seed);

    /// <summary>Writes until the time is over.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(CancellationToken.None);

                // A rollback that fails closes the connection, without an exception.
                while (connection.State == ConnectionState.Open && !over.IsCancellationRequested)
                {
                    await TransactAsync(connection);
                    await Task.Delay(_random.Next(30, 250), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (NpgsqlException)
            {
                // The server is down or going down. What became of the transaction is recorded.
                await Task.Delay(Retry, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task TransactAsync(NpgsqlConnection connection)
    {
        var published = new List<long>();
        var outcome = Outcome.RolledBack;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(connection, "set local lock_timeout = '8s'; set local synchronous_commit = on");
            await WriteAsync(connection, transaction, published);
            if (_random.NextDouble() < 0.12)
            {
                await transaction.RollbackAsync();
                return;
            }

            outcome = Outcome.Unknown;
            await transaction.CommitAsync();
            outcome = Outcome.Committed;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            // Too long behind other writers: it is rolled back.
        }
        finally
        {
            log.Add(published.Select(number => new Written(number, outcome)));
        }
    }

    private async Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, List<long> published)
    {
        switch (_random.Next(10))
        {
            case < 4:
                for (var i = _random.Next(1, 4); i > 0; i--)
                    await publisher.PublishAsync(await NextAsync(connection, PickAccount(), published), transaction);
                break;

            case 4:
                await PublishBatchAsync(connection, transaction, published);
                break;

            case 5 or 6:
                await PublishInSqlAsync(connection, published);
                break;

            case 7:
                await PublishInSqlAsync(connection, published);
                await Task.Delay(_random.Next(300, 3_000)); // Long, with a number and perhaps with an account's lock.
                await publisher.PublishAsync(await NextAsync(connection, PickAccount(), published), transaction);
                break;

            default:
                await publisher.PublishAsync(await NextAsync(connection, PickAccount(), published), transaction);
                await ExecuteAsync(connection, "savepoint s");
                var lost = new List<long>();
                await publisher.PublishAsync(await NextAsync(connection, PickAccount(), lost), transaction);
                await ExecuteAsync(connection, "rollback to s");
                log.Add(lost.Select(number => new Written(number, Outcome.RolledBack)));
                await PublishInSqlAsync(connection, published);
                break;
        }
    }

    private async Task PublishBatchAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, List<long> published)
    {
        var account = PickAccount();
        var batch = new List<Deposit>();
        for (var i = _random.Next(5, 40); i > 0; i--)
            batch.Add(await NextAsync(connection, account, published));
        await publisher.PublishManyAsync(batch, transaction);
    }

    private async Task PublishInSqlAsync(NpgsqlConnection connection, List<long> published)
    {
        var deposit = await NextAsync(connection, PickAccount(), published);
        await using var command = new NpgsqlCommand("select pglistener.publish($1, $2, $3)", connection)
        {
            Parameters =
            {
                new() { Value = Deposit.ChannelName },
                new() { Value = JsonSerializer.Serialize(deposit, JsonSerializerOptions.Web) },
                new() { Value = (object?)deposit.Account ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
            },
        };
        await command.ExecuteScalarAsync();
    }

    /// <summary>Makes the next message, waiting for the account's row, and leaves its number in the transaction.</summary>
    private async Task<Deposit> NextAsync(NpgsqlConnection connection, string? account, List<long> published)
    {
        var number = numbers.Next();
        published.Add(number);
        var sequence = 0L;
        if (account is not null)
        {
            await using var command = new NpgsqlCommand("update account set last = last + 1 where name = $1 returning last", connection) { Parameters = { new() { Value = account } } };
            sequence = (long)(await command.ExecuteScalarAsync())!;
        }

        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"insert into written values ({number})"));
        return new(number, account, sequence, new('x', _random.Next(10) == 0 ? _random.Next(20_000) : _random.Next(100)));
    }

    private string? PickAccount() => _random.Next(4) == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"a{_random.Next(1, Settings.Keys + 1)}");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
