using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>The table and the worker that one would write.</summary>
internal sealed class SkipLockedMessaging(string name, int batch) : IMessaging
{
    public string Name => name;

    public string Configuration => $"`DELETE … WHERE id IN (SELECT … FOR UPDATE SKIP LOCKED LIMIT {batch}) RETURNING payload`, a fresh scope and a source-generated deserialization for each, one commit for each batch; woken by `NOTIFY` in the sender's transaction";

    public async Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(SkipLockedSql.Create);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"INSERT INTO queue (payload) SELECT {Payload.Sql} FROM generate_series(1, $1) i");
        command.Parameters.Add(new() { Value = count });
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
        await using var wake = dataSource.CreateCommand(SkipLockedSql.Notify);
        await wake.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => Task.FromResult<IMessageSender>(new SkipLockedSender(SenderPool.Of(dataSource)));

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services =>
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(settings.ConnectionString));
        services.AddTransient<IMessageWork, MessageWork>();
        for (var i = 0; i < settings.Subscriptions; i++)
            services.AddSingleton<Microsoft.Extensions.Hosting.IHostedService>(provider => ActivatorUtilities.CreateInstance<SkipLockedService>(provider, batch));
    });
}
