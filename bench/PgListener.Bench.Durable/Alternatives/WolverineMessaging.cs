using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Wolverine;
using Wolverine.Postgresql;

namespace PgListener.Bench;

/// <summary>Wolverine's PostgreSQL transport, with durable queues, which is its default.</summary>
internal sealed class WolverineMessaging : IMessaging
{
    private const string Queue = "bench";

    /// <summary>How many messages it fetches at a time, and may have in memory.</summary>
    private const int Batch = 1_000;

    private const string Outgoing = "SELECT count(*) FROM wolverine.wolverine_outgoing_envelopes";
    private static readonly TimeSpan PollingInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FillInterval = TimeSpan.FromMilliseconds(50);

    public string Name => MessagingName.Wolverine;

    public string Configuration
        => "`UsePostgresqlPersistenceAndTransport`, durable queues; `MaximumMessagesToReceive(1000)` and `PollingInterval(10 ms)`, because it waits for the interval after each batch; `DurabilityMode.Solo`, as there is one process";

    public int Share => 50;

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken)
    {
        await SenderFill.FillAsync(this, dataSource, count, cancellationToken);
        await using var command = dataSource.CreateCommand(Outgoing);
        while ((long)(await command.ExecuteScalarAsync(cancellationToken))! > 0)
            await Task.Delay(FillInterval, cancellationToken);
    }

    /// <summary>Opens a sender. A message is stored when the send has returned, and in its queue soon after.</summary>
    public async Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => await HostSender<IMessageBus>.OpenAsync(
            services => Add(services, SenderPool.Of(dataSource), options => options.PublishMessage<BenchMessage>().ToPostgresqlQueue(Queue)),
            host => host.MessageBus(),
            (bus, message, _) => bus.SendAsync(message).AsTask(),
            cancellationToken);

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services => Add(services, settings.ConnectionString, options =>
    {
        for (var i = 0; i < settings.Subscriptions; i++)
        {
            var listener = options.ListenToPostgresqlQueue(i == 0 ? Queue : $"{Queue}{i}");
            // While nothing comes, it is as its defaults have it.
            if (settings.Subscriptions == 1)
                listener.MaximumMessagesToReceive(Batch).PollingInterval(PollingInterval);
        }
    }));

    private static void Add(IServiceCollection services, string connectionString, Action<WolverineOptions> configure) => services.AddWolverine(options =>
    {
        options.UsePostgresqlPersistenceAndTransport(connectionString, "wolverine", "queues").AutoProvision();
        options.UseRuntimeCompilation();
        options.Durability.Mode = DurabilityMode.Solo;
        options.Discovery.DisableConventionalDiscovery().IncludeType<WolverineHandler>();
        configure(options);
    });
}
