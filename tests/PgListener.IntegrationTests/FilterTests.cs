using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.Retry;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Filters around handlers of a real listener, with what people write filters for: retries, transactions, stopping.</summary>
public sealed class FilterTests(ServerFixture server) : IAsyncLifetime
{
    private readonly Received<string> _received = new();
    private int _retries;
    private readonly string _table = $"filter_{Guid.NewGuid():n}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Item(string Text) : INotificationChannel<Item>
    {
        public static string ChannelName { get; } = NewChannel("filtered");

        public static Item Parse(string payload) => payload == "malformed" ? throw new FormatException() : new(payload);
    }

    private sealed class Row
    {
        public int Id { get; set; }

        public required string Text { get; set; }
    }

    /// <summary>Where its rows are is told by the options: each test has a table of its own.</summary>
    private sealed class Database(DbContextOptions<Database> options, string table) : DbContext(options)
    {
        public DbSet<Row> Rows => Set<Row>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Row>().ToTable(table);

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
            => optionsBuilder.ReplaceService<Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory, PerTable>();

        private sealed class PerTable : Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory
        {
            public object Create(DbContext context, bool designTime) => (context.GetType(), ((Database)context).Table, designTime);
        }

        private string Table => table;
    }

    /// <summary>Adds a row, and then fails as often as the payload says.</summary>
    private sealed class Handler(Database database, Received<string> received, Failures failures) : INotificationHandler<Item>, IResyncHandler<Item>
    {
        public async Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            Assert.Empty(database.ChangeTracker.Entries());
            database.Rows.Add(new() { Text = notification.Value.Text });
            await database.SaveChangesAsync(cancellationToken);
            received.Add($"handler {notification.Value.Text}");
            failures.Next();
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            received.Add($"handler {resync.Reason}");
            failures.Next();
            return Task.CompletedTask;
        }
    }

    private sealed class Failures
    {
        public int Left { get; set; }

        public void Next()
        {
            if (Left-- > 0)
                throw new InvalidOperationException("not yet");
        }
    }

    private sealed class TransactionFilter(Database database) : INotificationFilter
    {
        public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
        {
            await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
            await next(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Tries again, at once.</summary>
    private sealed class RetryFilter(ResiliencePipeline pipeline, Received<string> received) : INotificationFilter
    {
        public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
        {
            await pipeline.ExecuteAsync(async token => await next(token), cancellationToken);
            received.Add("filter ends");
        }
    }

    public async ValueTask InitializeAsync() => await ExecuteAsync($"create table {_table} (\"Id\" int generated always as identity primary key, \"Text\" text not null)");

    public async ValueTask DisposeAsync() => await ExecuteAsync($"drop table {_table}");

    [Fact]
    public async Task A_transaction_is_rolled_back_when_the_handler_fails_and_committed_when_it_does_not()
    {
        await using var host = Host(new() { Left = 1 }, builder => builder.AddFilter<TransactionFilter>().AddHandler((Notification<Item> notification, Handler handler, CancellationToken token) => handler.HandleAsync(notification, token)));
        host.Services.AddScoped<Handler>();
        await host.StartListeningAsync();
        await server.NotifyAsync(Item.ChannelName, "1", "2", "3");
        Assert.Equal(["handler 1", "handler 2", "handler 3"], await _received.NextAsync(3, seconds: 20));
        await host.Host.StopAsync(Cancellation);
        Assert.Equal(["2", "3"], await TextsAsync());
        Assert.Single(host.Lines(200));
    }

    [Fact]
    public async Task A_retry_runs_each_attempt_in_a_transaction_and_a_scope_of_its_own()
    {
        await using var host = Host(new() { Left = 2 }, builder => builder.AddFilter<RetryFilter>().AddHandler<Item, Handler>(handler => handler.AddFilter<TransactionFilter>()));
        await host.StartAsync();
        Assert.Equal(["handler Started", "handler Started", "handler Started", "filter ends"], await _received.NextAsync(4, seconds: 20));
        host.Host.Services.GetRequiredService<Failures>().Left = 2;
        await server.NotifyAsync(Item.ChannelName, "malformed", "1");
        Assert.Equal(["handler 1", "handler 1", "handler 1", "filter ends"], await _received.NextAsync(4, seconds: 20));
        await host.Host.StopAsync(Cancellation);
        Assert.Equal(["1"], await TextsAsync());
        Assert.Equal((0, 0), (host.Lines(200).Length, host.Lines(203).Length));
        var statistics = Assert.Single(host.Listener.GetStatistics());
        Assert.Equal((2, 1), (statistics.Processed, statistics.Failed)); // The one that is malformed.
    }

    [Fact]
    public async Task A_gap_that_a_filter_fails_is_announced_again()
    {
        var failures = new Failures { Left = 1 };
        await using var host = Host(failures, builder => builder
            .AddFilter(async (context, next, token) =>
            {
                _received.Add($"filter {context.Resync?.Reason}{context.Payload} {context.Attempt}");
                failures.Next();
                await next(token);
            })
            .AddHandler<Item, Handler>());
        await host.StartListeningAsync();
        Assert.Equal(["filter Started 1", "filter Started 1", "handler Started"], await _received.NextAsync(3, seconds: 20));
        Assert.Single(host.Lines(203));
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal(["filter 1 1", "handler 1"], await _received.NextAsync(2, seconds: 20));
    }

    [Fact]
    public async Task What_a_filter_skips_counts_as_handled()
    {
        await using var host = Host(new(), builder => builder
            .AddFilter((context, next, token) => context.Payload == "skip" || context.Resync is not null ? Task.CompletedTask : next(token))
            .AddHandler<Item, Handler>());
        await host.StartListeningAsync();
        await server.NotifyAsync(Item.ChannelName, "skip", "1");
        Assert.Equal("handler 1", await _received.NextAsync());
        await host.Host.StopAsync(Cancellation);
        var statistics = Assert.Single(host.Listener.GetStatistics());
        Assert.Equal((2, 0, 2), (statistics.Processed, statistics.Failed, statistics.Received));
        Assert.Null(statistics.ResyncFailure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_cancels_a_filter_that_waits_before_or_inside_next(bool before)
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = Host(new(), builder => builder
            .AddFilter(async (_, next, token) =>
            {
                if (before)
                    await WaitAsync(token);
                await next(token);
            })
            .AddHandler<Item>((_, token) => before ? Task.CompletedTask : WaitAsync(token), handler => handler.Name = "Waiting"));
        await host.StartListeningAsync();
        await server.NotifyAsync(Item.ChannelName, "1");
        await waits.Task.SoonAsync();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await host.Host.StopAsync(now.Token).SoonAsync();
        Assert.Contains("Waiting", Assert.Single(host.Lines(301)), StringComparison.Ordinal);
        Assert.Empty(host.Lines(200));

        async Task WaitAsync(CancellationToken token)
        {
            waits.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
        }
    }

    [Fact]
    public async Task A_start_that_fails_is_no_failure_of_a_filter_that_tries_again()
    {
        var inside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = Host(new(), builder => builder
            .AddFilter<RetryFilter>()
            .AddFilter(async (_, next, token) =>
            {
                inside.TrySetResult();
                await gone.Task;
                await next(token);
            })
            .AddHandler<Item, Handler>());
        await using (host)
        {
            host.Services.AddHostedService(_ => new Failing(inside.Task, gone));
            await Assert.ThrowsAsync<NotSupportedException>(host.StartAsync);
        }

        Assert.Equal(0, _retries);
        Assert.Empty(host.Lines(203));
        Assert.Equal(0, _received.Waiting);
    }

    /// <summary>Fails the start of the host while a filter runs.</summary>
    private sealed class Failing(Task inside, TaskCompletionSource gone) : Microsoft.Extensions.Hosting.IHostedService, IDisposable
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await inside.SoonAsync();
            throw new NotSupportedException("The start fails.");
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => gone.TrySetResult();
    }

    private TestHost Host(Failures failures, Action<PgListenerBuilder> add)
    {
        var host = new TestHost(server.ConnectionString);
        host.Services
            .AddSingleton(_received)
            .AddSingleton(failures)
            .AddSingleton(new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 3, Delay = TimeSpan.Zero, OnRetry = Count }).Build())
            .AddScoped(_ => new Database(new DbContextOptionsBuilder<Database>().UseNpgsql(server.Sender).Options, _table));
        add(host.Services.AddPgListener());
        return host;

        ValueTask Count<T>(OnRetryArguments<T> _)
        {
            Interlocked.Increment(ref _retries);
            return ValueTask.CompletedTask;
        }
    }

    private async Task<List<string>> TextsAsync()
    {
        await using var command = server.Sender.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"select \"Text\" from {_table} order by \"Id\""));
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var texts = new List<string>();
        while (await reader.ReadAsync(Cancellation))
            texts.Add(reader.GetString(0));
        return texts;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = server.Sender.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
