using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A durable channel of PgListener, with its defaults.</summary>
internal sealed class PgListenerMessaging : IMessaging
{
    /// <summary>Whether messages are published in a transaction of the caller's.</summary>
    public bool InTransaction { get; init; }

    public string Name => InTransaction ? MessagingName.PgListenerTransaction : MessagingName.PgListener;

    public string Configuration => InTransaction
        ? "the same, published in a transaction of the caller's"
        : "`AddDurableChannels().AddHandler<BenchMessage, BenchMessageHandler>()`, all settings as they are; the key is one of 100 customers";

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => DurableSchema.CreateAsync(dataSource, cancellationToken);

    public async Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            INSERT INTO pglistener.message (channel, key, bucket, payload)
            SELECT '{BenchMessage.ChannelName}', 'c-' || i % 100, get_byte(sha256(convert_to('c-' || i % 100, 'UTF8')), 0), convert_to({Payload.Sql}, 'UTF8')
            FROM generate_series(1, $1) i
            """);
        command.Parameters.Add(new() { Value = count });
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => InTransaction
            ? await TransactionSender.OpenAsync(dataSource, cancellationToken)
            : await PublisherSender.OpenAsync(dataSource, cancellationToken);

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services =>
    {
        var builder = services.AddPgListener(options => options.ConnectionString = settings.ConnectionString).AddDurableChannels();
        Subscriptions.Add(builder, settings);
    });
}
