using System.Transactions;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using PgListener.Durable.Publishing;
using PgListener.Publishing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>Readers are told of a commit, and no more often than was said.</summary>
public sealed class WakeUpTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Other_processes_are_told_after_the_commit_and_this_one_at_once()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var ear = await Ear.OpenAsync(kit.Database);
        await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
        Assert.Equal(["orders"], kit.WakeUps.Channels);
        Assert.Equal("", await ear.NextAsync());
    }

    [Fact]
    public async Task After_own_commits_at_most_once_in_5_ms_and_once_more_after_the_last()
    {
        var time = new SignallingTime();
        await using var kit = await PublishingKit.CreateAsync(server, new() { TimeProvider = time });
        await using var ear = await Ear.OpenAsync(kit.Database);
        await kit.Publisher.PublishAsync(new Order("first"), Cancellation);
        Assert.Equal("", await ear.NextAsync());

        for (var i = 0; i < 20; i++)
            await kit.Publisher.PublishAsync(new Order($"{i}"), Cancellation);
        Assert.Equal(21, kit.WakeUps.Channels.Count);
        Assert.Equal(0, await ear.CountAsync());

        await time.WaitingAsync(WakeUpSender.Interval);
        time.Advance(WakeUpSender.Interval);
        Assert.Equal("", await ear.NextAsync());
        Assert.Equal(0, await ear.CountAsync());
    }

    [Fact]
    public async Task What_waits_is_sent_when_the_publisher_is_disposed_of()
    {
        await using var kit = await PublishingKit.CreateAsync(server, new() { TimeProvider = new FakeTimeProvider() });
        await using var ear = await Ear.OpenAsync(kit.Database);
        await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
        Assert.Equal("", await ear.NextAsync());
        await kit.Publisher.PublishAsync(new Order("b"), Cancellation);
        await kit.Publisher.DisposeAsync();
        Assert.Equal(1, await ear.CountAsync());
    }

    [Fact]
    public async Task In_transactions_of_callers_at_most_once_in_10_ms_for_each_channel()
    {
        var time = new FakeTimeProvider();
        await using var kit = await PublishingKit.CreateAsync(server, new() { TimeProvider = time });
        await using var ear = await Ear.OpenAsync(kit.Database);
        await using var other = await Ear.OpenAsync(kit.Database, "other");
        await using var connection = await kit.OpenAsync();
        for (var i = 0; i < 3; i++)
            await PublishAsync();
        Assert.Equal((1, 1), (await ear.CountAsync(), await other.CountAsync()));

        time.Advance(WakeUpSender.IntervalInTransactions);
        for (var i = 0; i < 3; i++)
            await PublishAsync();
        Assert.Equal((1, 1), (await ear.CountAsync(), await other.CountAsync()));
        Assert.Equal(12, (await kit.PayloadsAsync()).Count);

        async Task PublishAsync()
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await kit.Publisher.PublishAsync(new Order("a"), transaction, Cancellation);
            await kit.Publisher.PublishAsync(new Other("a"), connection, Cancellation);
            await transaction.CommitAsync(Cancellation);
        }
    }

    [Fact]
    public async Task A_transaction_whose_commit_is_told_of_does_not_notify_itself()
    {
        await using var kit = await PublishingKit.CreateAsync(server, new() { TimeProvider = new FakeTimeProvider() });
        await using var ear = await Ear.OpenAsync(kit.Database);
        await using var connection = await kit.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        WatchedTransactions.Watch(transaction, () => true);
        await kit.Publisher.PublishAsync(new Order("a"), transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(0, await ear.CountAsync());
        Assert.Empty(kit.WakeUps.Channels);

        WatchedTransactions.Committed(transaction);
        WatchedTransactions.Committed(transaction);
        Assert.Equal(["orders"], kit.WakeUps.Channels);
        Assert.Equal("", await ear.NextAsync());
        await kit.Publisher.DisposeAsync();
        Assert.Equal(0, await ear.CountAsync());
    }

    [Fact]
    public async Task An_ambient_transaction_is_told_of_after_its_commit()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var ear = await Ear.OpenAsync(kit.Database);
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
            Assert.Empty(kit.WakeUps.Channels);
            scope.Complete();
        }

        Assert.Equal(["orders"], kit.WakeUps.Channels);
        Assert.Equal("", await ear.NextAsync());
    }

    [Fact]
    public async Task A_notification_that_fails_is_logged_once_and_fails_nothing_else()
    {
        var time = new SignallingTime();
        var collector = new FakeLogCollector();
        using var logging = new FakeLoggerFactory(collector);
        await using var kit = await PublishingKit.CreateAsync(
            server,
            new() { LoggerFactory = logging, TimeProvider = time },
            dataSource: text => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(text) { Port = 1 }));
        await using var connection = await kit.OpenAsync();
        for (var i = 0; i < 3; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            WatchedTransactions.Watch(transaction, () => true);
            await kit.Publisher.PublishAsync(new Order("a"), transaction, Cancellation);
            await transaction.CommitAsync(Cancellation);
            WatchedTransactions.Committed(transaction);
            await time.WaitingAsync(WakeUpSender.Interval); // After the first attempt.
        }

        await kit.Publisher.DisposeAsync();
        Assert.Equal(3, (await kit.PayloadsAsync()).Count);
        Assert.Equal([640, 641], collector.GetSnapshot().Select(record => record.Id.Id));
        Assert.StartsWith("The readers of the durable channel 'orders' (1 channel(s) in all) could not be notified.", collector.GetSnapshot()[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pooled_session_is_as_before()
    {
        NpgsqlDataSource? source = null;
        await using var kit = await PublishingKit.CreateAsync(server, dataSource: text => source = NpgsqlDataSource.Create(text + ";Maximum Pool Size=1;No Reset On Close=true;Options=-c synchronous_commit=local"));
        await using var ear = await Ear.OpenAsync(kit.Database);
        await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
        await ear.NextAsync();
        await using var command = source!.CreateCommand("show synchronous_commit");
        Assert.Equal("local", await command.ExecuteScalarAsync(Cancellation));
    }

    public sealed record Other(string Text) : IDurableChannel<Other>
    {
        public static string ChannelName => "other";

        public static Other Parse(string payload) => new(payload);

        public static string Format(Other value) => value.Text;
    }
}
