using Hangfire;
using Hangfire.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Hangfire's jobs in PostgreSQL.</summary>
internal sealed class HangfireMessaging : IMessaging
{
    private const int Workers = 20;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether it is woken by <c>NOTIFY</c>, for which it listens anew for each job that it fetches.</summary>
    public bool LongPolling { get; init; }

    public string Name => LongPolling ? MessagingName.HangfireLongPolling : MessagingName.Hangfire;

    public string Configuration => LongPolling
        ? "the same with `EnableLongPolling`; 4 calls enqueue at a time, since each takes two connections, and only 200 messages a second"
        : "`UsePostgreSqlStorage`, `AddHangfireServer`; `WorkerCount = 20`, the most that it has by default; `QueuePollInterval` of 50 ms, the shortest that it accepts";

    public int Share => 200;

    public int MaxPaced => 200;

    public Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken) => SenderFill.FillAsync(this, dataSource, count, cancellationToken);

    public Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => Task.FromResult<IMessageSender>(new HangfireSender(services => Add(services, SenderPool.Of(dataSource), PollInterval)));

    public IConsumer CreateConsumer(ConsumerSettings settings) => new HostConsumer(services =>
    {
        // While nothing comes, it is as its defaults have it.
        Add(services, settings.ConnectionString, settings.Subscriptions == 1 ? PollInterval : null);
        services.AddHangfireServer(options =>
        {
            if (settings.Subscriptions == 1)
                options.WorkerCount = Workers;
            else
                options.Queues = [.. Enumerable.Range(0, settings.Subscriptions).Select(index => $"bench{index}")];
        });
    });

    private void Add(IServiceCollection services, string connectionString, TimeSpan? pollInterval) => services.AddHangfire(configuration =>
    {
        var options = new PostgreSqlStorageOptions { EnableLongPolling = LongPolling };
        options.QueuePollInterval = pollInterval ?? options.QueuePollInterval;
        configuration.UsePostgreSqlStorage(storage => storage.UseNpgsqlConnection(connectionString), options);
    });
}
