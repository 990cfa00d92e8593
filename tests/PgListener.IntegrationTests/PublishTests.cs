using System.Transactions;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Publishing on the publisher's connections and on the caller's.</summary>
public sealed class PublishTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Counted(int Id) : IJsonNotificationChannel<Counted>
    {
        public static string ChannelName { get; } = NewChannel("counted");
    }

    [Fact]
    public async Task Single_many_raw_and_none()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await publisher.PublishAsync(channel, "a", Cancellation);
        await publisher.PublishManyAsync(channel, [], Cancellation);
        await publisher.PublishManyAsync(channel, ["b"], Cancellation);
        string[] edges = ["", new('x', 7999), new('ä', 3999), "😀 \"q\" 'a' \\ \r\n\t$1 {NULL,\"}", "NULL", " "];
        await publisher.PublishManyAsync(channel, edges, Cancellation);
        await ear.HeardAsync(["a", "b", .. edges]);
    }

    [Fact]
    public async Task Many_arrive_in_their_order()
    {
        await using var ear = await Ear.OpenAsync(server, Counted.ChannelName);
        await using var publisher = server.Sender.CreatePublisher();
        await publisher.PublishManyAsync(Enumerable.Range(0, 3000).Select(id => new Counted(id)), Cancellation);
        await ear.HeardAsync([.. Enumerable.Range(0, 3000).Select(id => $$"""{"id":{{id}}}""")]);
    }

    [Fact]
    public async Task On_the_callers_transaction_it_is_sent_with_the_commit_or_not_at_all()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        await publisher.PublishAsync(channel, "without a transaction", connection, Cancellation);

        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "rolled back", transaction, Cancellation);
            await transaction.RollbackAsync(Cancellation);
        }

        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "committed", transaction, Cancellation);
            await publisher.PublishManyAsync(channel, ["too", "as well"], connection, Cancellation);
            await publisher.PublishAsync(channel, "sent at once, by the publisher's own connection", Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        await ear.HeardAsync("without a transaction", "sent at once, by the publisher's own connection", "committed", "too", "as well");
    }

    [Fact]
    public async Task A_refusal_by_a_guard_leaves_the_transaction_usable()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await publisher.PublishAsync(channel, "before", transaction, Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(channel, new('x', 8000), transaction, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(channel, "a\0b", transaction, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(channel, "\ud83d", transaction, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishManyAsync(new string('c', 64), ["x"], transaction, Cancellation));
        await publisher.PublishAsync(channel, "after", transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        await ear.HeardAsync("before", "after");
    }

    [Fact]
    public async Task A_transaction_that_is_over_is_refused()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        var transaction = await connection.BeginTransactionAsync(Cancellation);
        await transaction.CommitAsync(Cancellation);
        await RefusedAsync();
        await transaction.DisposeAsync();
        await RefusedAsync();
        transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.CloseAsync();
        await RefusedAsync();
        await publisher.PublishAsync(channel, "next", Cancellation);
        await ear.HeardAsync("next");

        async Task RefusedAsync() => Assert.StartsWith(
            "The transaction is over",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync(channel, "late", transaction, Cancellation))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_publish_does_not_harm_the_next()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { MaxPoolSize = 1, Timeout = 5 });
        await using var publisher = dataSource.CreatePublisher();
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(channel, new('x', 8000), Cancellation));
        await using (var connection = await dataSource.OpenConnectionAsync(Cancellation))
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await using (var command = new NpgsqlCommand("select 1/0", connection))
                await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));
            Assert.Equal("25P02", (await Assert.ThrowsAsync<PostgresException>(() => publisher.PublishAsync(channel, "aborted", transaction, Cancellation))).SqlState);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publisher.PublishAsync(channel, "cancelled", new CancellationToken(canceled: true)));
        await publisher.PublishAsync(channel, "next", Cancellation);
        await ear.HeardAsync("next");
    }

    [Fact]
    public async Task A_read_only_transaction_may_publish()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (var command = new NpgsqlCommand("set transaction read only", connection))
            await command.ExecuteNonQueryAsync(Cancellation);
        await publisher.PublishAsync(channel, "read only", transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        await ear.HeardAsync("read only");
    }

    [Fact]
    public async Task On_connections_that_multiplex()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Multiplexing = true });
        await using var publisher = dataSource.CreatePublisher();
        await publisher.PublishAsync(channel, "a", Cancellation);
        await publisher.PublishManyAsync(channel, ["b", "c"], Cancellation);
        await using var connection = await dataSource.OpenConnectionAsync(Cancellation);
        await publisher.PublishAsync(channel, "d", connection, Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await publisher.PublishAsync(channel, "e", transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        await ear.HeardAsync("a", "b", "c", "d", "e");
    }

    [Fact]
    public async Task A_transaction_scope_with_one_connection_carries_the_notification()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher(new() { CoalesceWindow = TimeSpan.Zero });
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await publisher.PublishAsync(channel, "not completed", Cancellation);
        }

        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            // The publisher goes on with the connection that the application has closed.
            await using (var connection = await server.Sender.OpenConnectionAsync(Cancellation))
                await publisher.PublishAsync(channel, "on the open connection", connection, Cancellation);
            await publisher.PublishAsync(channel, "on the same one again", Cancellation);
            await publisher.PublishAsync(channel, "and again", Cancellation);
            using (new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled))
                await publisher.PublishAsync(channel, "at once", Cancellation);
            scope.Complete();
        }

        await ear.HeardAsync("at once", "on the open connection", "on the same one again", "and again");
    }

    [Fact]
    public async Task A_second_connection_in_a_transaction_scope_fails_its_end_and_sends_nothing()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        await using (var connection = await server.Sender.OpenConnectionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "on another connection", Cancellation);
            scope.Complete();
            Assert.Throws<TransactionAbortedException>(scope.Dispose);
        }

        await publisher.PublishAsync(channel, "next", Cancellation);
        await ear.HeardAsync("next");
    }

    [Fact]
    public async Task Identical_ones_of_a_transaction_are_merged_unless_duplicates_are_allowed()
    {
        await using var ear = await Ear.OpenAsync(server, Counted.ChannelName);
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        foreach (var allow in new[] { false, true })
        {
            await using var publisher = server.Sender.CreatePublisher(new() { AllowDuplicates = allow });
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await publisher.PublishAsync(new Counted(1), transaction, Cancellation);
            await publisher.PublishAsync(new Counted(1), connection, Cancellation);
            await publisher.PublishManyAsync([new Counted(1), new Counted(1)], transaction, Cancellation);
            await transaction.CommitAsync(Cancellation);
            for (var i = 0; i < (allow ? 4 : 1); i++)
                Assert.Equal(new(1), Parse<Counted>(await ear.NextAsync()));
        }

        await ear.HeardAsync();
    }

    [Fact]
    public async Task Payloads_the_database_cannot_spell_fail_their_own_callers_alone()
    {
        var database = $"latin_{Guid.NewGuid():n}"[..20];
        await using (var create = server.Sender.CreateCommand($"create database {database} encoding 'LATIN1' locale 'C' template template0"))
            await create.ExecuteNonQueryAsync(Cancellation);

        await using (var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database }))
        {
            var received = new Received<string>();
            await using var listener = dataSource.CreateListener();
            await listener.AddCallbackAsync("c", received.Payloads(), Cancellation);
            await listener.StartAsync(Cancellation);
            listener.Listen();
            await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromMilliseconds(50) });
            Task[] publishes = [.. new[] { "a", "😀", "ä" }.Select(payload => publisher.PublishAsync("c", payload, Cancellation))];
            await publishes[0].SoonAsync();
            Assert.Equal("22P05", (await Assert.ThrowsAsync<PostgresException>(() => publishes[1].SoonAsync())).SqlState);
            await publishes[2].SoonAsync();
            Assert.Equal(["a", "ä"], await received.NextAsync(2, seconds: 20));
        }

        await using var drop = server.Sender.CreateCommand($"drop database {database} with (force)");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    private static T Parse<T>(string payload)
        where T : INotificationChannel<T>
        => T.Parse(payload);
}
