using Npgsql;

namespace Chat;

/// <summary>The messages in the database. The table is authoritative; a notification only makes a message arrive at once.</summary>
public sealed class ChatStore(NpgsqlDataSource dataSource)
{
    /// <summary>The lock is for two instances that start at the same time.</summary>
    public async Task CreateTableAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            select pg_advisory_xact_lock(5081);
            create table if not exists messages (
                id bigint generated always as identity primary key,
                author text not null,
                text text not null,
                at timestamptz not null default now());
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes and notifies in one statement, and so in one transaction: a handler that gets the notification finds the message in the table.</summary>
    public async Task PostAsync(string author, string text, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            with message as (insert into messages (author, text) values ($1, $2) returning id, author, text, at)
            select pg_catalog.pg_notify($3, pg_catalog.row_to_json(message)::text) from message
            """);
        command.Parameters.Add(new() { Value = author });
        command.Parameters.Add(new() { Value = text });
        command.Parameters.Add(new() { Value = ChatMessage.ChannelName });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<ChatMessage>> LatestAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("select id, author, text, at from messages order by id desc limit 50");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var messages = new List<ChatMessage>();
        while (await reader.ReadAsync(cancellationToken))
            messages.Insert(0, new(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
        return messages;
    }
}
