using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>The floor: what it takes to read the rows and to call the handler, without what makes a queue of it.</summary>
internal sealed class BareReadMessaging : IMessaging
{
    private readonly SkipLockedMessaging _table = new(MessagingName.SkipLocked1000, batch: 0);
    private readonly BareReadPosition _position = new();

    public string Name => MessagingName.BareRead;

    public string Configuration => $"no queue, but the floor: `{SkipLockedSql.Read}` in pages of 1,000, prepared, a fresh scope and a source-generated deserialization for each row, and nothing is recorded";

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => _table.PrepareAsync(dataSource, cancellationToken);

    public Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken) => _table.FillAsync(dataSource, count, cancellationToken);

    public Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => _table.OpenSenderAsync(dataSource, cancellationToken);

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services =>
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(settings.ConnectionString));
        services.AddSingleton(_position);
        services.AddTransient<IMessageWork, MessageWork>();
        services.AddHostedService<BareReadService>();
    });
}
