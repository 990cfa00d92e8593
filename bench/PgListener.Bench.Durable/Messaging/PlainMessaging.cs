using Npgsql;

namespace PgListener.Bench;

/// <summary>A plain channel of PgListener: for comparison with what does not promise to keep anything.</summary>
internal sealed class PlainMessaging : IMessaging
{
    public string Name => MessagingName.Plain;

    public string Configuration => "PgListener's plain channel with a typed handler, all settings as they are; the burst is committed while it listens";

    public bool Keeps => false;

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken) => new Burst(count).SendAsync(dataSource, cancellationToken);

    public Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => Task.FromResult<IMessageSender>(new PlainSender(SenderPool.Of(dataSource)));

    public IConsumer CreateConsumer(ConsumerSettings settings) => HostConsumer.HandlerTransient(settings);
}
