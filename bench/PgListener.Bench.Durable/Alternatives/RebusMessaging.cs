using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Rebus.Backoff;
using Rebus.Bus;
using Rebus.Config;
using Rebus.Routing.TypeBased;

namespace PgListener.Bench;

/// <summary>Rebus' PostgreSQL transport.</summary>
internal sealed class RebusMessaging : IMessaging
{
    private const string Table = "rebus_messages";
    private const string Queue = "bench";

    /// <summary>The number that its documentation gives.</summary>
    private const int PoolSize = 30;

    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(10);

    public string Name => MessagingName.Rebus;

    public string Configuration
        => "`UsePostgreSql`; `SetNumberOfWorkers(2)` and `SetMaxParallelism(20)`, its documentation's values for asynchronous work; `SetBackoffTimes(10 ms)`; `Maximum Pool Size=30`, as its documentation says";

    public int Share => 50;

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken) => SenderFill.FillAsync(this, dataSource, count, cancellationToken);

    public async Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => await HostSender<IBus>.OpenAsync(
            services => services.AddRebus(configure => configure
                .Transport(transport => transport.UsePostgreSqlAsOneWayClient(SenderPool.Of(dataSource), Table))
                .Routing(routing => routing.TypeBased().Map<BenchMessage>(Queue))),
            host => host.Services.GetRequiredService<IBus>(),
            (bus, message, _) => bus.Send(message),
            cancellationToken);

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services =>
    {
        var connectionString = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MaxPoolSize = PoolSize }.ConnectionString;
        services.AddRebusHandler<RebusHandler>();
        for (var i = 0; i < settings.Subscriptions; i++)
            Add(services, connectionString, i, isBusy: settings.Subscriptions == 1);
    });

    private static void Add(IServiceCollection services, string connectionString, int index, bool isBusy) => services.AddRebus(
        configure => configure
            .Transport(transport => transport.UsePostgreSql(connectionString, Table, index == 0 ? Queue : $"{Queue}{index}"))
            .Options(options =>
            {
                // While nothing comes, it is as its defaults have it.
                if (!isBusy)
                    return;
                options.SetNumberOfWorkers(2);
                options.SetMaxParallelism(20);
                options.SetBackoffTimes(Backoff);
            }),
        isDefaultBus: index == 0,
        key: $"{index}");
}
