using Npgsql;

namespace Worker;

/// <summary>The jobs in the database. A job is taken, done and recorded in one transaction: if that fails, the job is available again.</summary>
internal sealed class JobStore(NpgsqlDataSource dataSource)
{
    /// <summary>The trigger wakes the workers, no matter which program adds the job. The lock is for two workers that start at the same time.</summary>
    public Task CreateTablesAsync(CancellationToken cancellationToken) => ExecuteAsync("""
        select pg_advisory_xact_lock(5083);
        create table if not exists jobs (
            id bigint generated always as identity primary key, queue text not null, text text not null,
            attempts int not null default 0, problem text);
        create table if not exists done (job_id bigint primary key, queue text not null, result text not null);
        create or replace function job_added() returns trigger language plpgsql as
            $$ begin perform pg_catalog.pg_notify(new.queue, new.id::text); return null; end $$;
        create or replace trigger job_added after insert on jobs for each row execute function job_added();
        """, cancellationToken);

    public Task AddExamplesAsync(CancellationToken cancellationToken)
        => ExecuteAsync("insert into jobs (queue, text) values ('mails', 'ada@example.org'), ('mails', 'nobody'), ('reports', 'March')", cancellationToken);

    /// <summary>Does the oldest job that no other worker has taken, and returns its result; <see langword="null"/> if there is none.</summary>
    public async Task<string?> DoNextAsync(string queue, Func<string, string> work, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var take = new NpgsqlCommand("""
            select id, text from jobs where queue = $1 and attempts < 3 order by id limit 1 for update skip locked
            """, connection) { Parameters = { new() { Value = queue } } };
        long id;
        string text;
        await using (var row = await take.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
                return null;
            (id, text) = (row.GetInt64(0), row.GetString(1));
        }

        string result;
        try
        {
            result = work(text);
        }
        catch (Exception e)
        {
            // The job itself fails. It is tried three times, and then stays in the table with its error.
            await using var fail = new NpgsqlCommand("update jobs set attempts = attempts + 1, problem = $2 where id = $1", connection)
            {
                Parameters = { new() { Value = id }, new() { Value = e.Message } },
            };
            await fail.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return $"job {id} has failed: {e.Message}";
        }

        await using var write = new NpgsqlCommand("with gone as (delete from jobs where id = $1) insert into done (job_id, queue, result) values ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = id }, new() { Value = queue }, new() { Value = result } },
        };
        await write.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return $"job {id} is done: {result}";
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
