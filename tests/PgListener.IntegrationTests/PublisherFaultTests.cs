using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Publishing while servers and connections fail, and many writers at once.</summary>
public sealed class PublisherFaultTests(ServerFixture server)
{
    private static readonly NotificationPublisherOptions Coalescing = new() { CoalesceWindow = TimeSpan.FromMilliseconds(2) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Concurrent_writers_are_all_heard_once_and_each_in_its_order(int? windowMilliseconds)
    {
        const int Writers = 64;
        const int Each = 25;
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { MaxPoolSize = 8 });
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = windowMilliseconds is { } window ? TimeSpan.FromMilliseconds(window) : null });
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () =>
            {
                var publishes = new List<Task>();
                for (var i = 0; i < Each; i++)
                {
                    publishes.Add(publisher.PublishAsync(channel, $"{writer} {i}", Cancellation));

                    // What is coalesced keeps the order of the calls; else only the wait for each does.
                    if (windowMilliseconds is null)
                        await publishes[i];
                }

                await Task.WhenAll(publishes);
            },
            Cancellation))).SoonAsync(seconds: 60);

        var heard = new List<string>();
        for (var i = 0; i < Writers * Each; i++)
            heard.Add(await ear.NextAsync());
        await ear.HeardAsync();
        foreach (var writer in heard.Select(payload => payload.Split(' ')).GroupBy(parts => parts[0], parts => parts[1], StringComparer.Ordinal))
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{i}"), writer);
    }

    [Fact]
    public async Task Identical_ones_of_concurrent_writers_are_all_heard()
    {
        const int Writers = 40;
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher(Coalescing);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => publisher.PublishAsync(channel, $"{i % 2}", Cancellation))).SoonAsync();
        await ear.HeardAsync([.. Enumerable.Range(0, Writers).Select(i => $"{i % 2}")]);
    }

    [Fact]
    public async Task The_order_of_calls_is_kept_where_some_are_identical()
    {
        string[] payloads = [.. Enumerable.Range(0, 300).Select(i => $"{i * 7 % 10}")];
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher(Coalescing);
        await Task.WhenAll(payloads.Select(payload => publisher.PublishAsync(channel, payload, Cancellation)).ToArray()).SoonAsync();
        await ear.HeardAsync(payloads);
    }

    private sealed record Tick(int Id) : IJsonNotificationChannel<Tick>
    {
        public static string ChannelName { get; } = NewChannel("tick");
    }

    [Fact]
    public async Task Identical_ones_share_a_transaction_and_are_all_heard_where_duplicates_are_allowed()
    {
        const int Writers = 40;
        await using var ear = await Ear.OpenAsync(server, Tick.ChannelName);
        await using var publisher = server.Sender.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromMilliseconds(20), AllowDuplicates = true });
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => publisher.PublishAsync(new Tick(1), Cancellation))).SoonAsync();
        for (var i = 0; i < Writers; i++)
            Assert.Equal("""{"id":1}""", (await ear.NextAsync()).TrimEnd());
        await ear.HeardAsync();
    }

    [Fact]
    public async Task A_session_that_the_server_ended_before_several_transactions_is_not_noticed()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = OwnPool(server.ConnectionString);
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromMilliseconds(50) });
        for (var i = 0; i < 5; i++)
        {
            await server.TerminateAsync(await ProcessOfAsync(dataSource));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => publisher.PublishAsync(channel, $"{i}", Cancellation)).ToArray()).SoonAsync();
        }

        await ear.HeardAsync([.. Enumerable.Range(0, 20).Select(i => $"{i / 4}")]);
    }

    [Fact]
    public async Task Refused_data_among_identical_ones_fails_exactly_its_own_callers()
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
            await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromMilliseconds(100) });
            Task[] publishes = [.. new[] { "a", "a", "😀", "😀", "a", "b" }.Select(payload => publisher.PublishAsync("c", payload, Cancellation))];
            foreach (var good in new[] { 0, 1, 4, 5 })
                await publishes[good].SoonAsync();
            foreach (var bad in new[] { 2, 3 })
                Assert.Equal("22P05", (await Assert.ThrowsAsync<PostgresException>(() => publishes[bad].SoonAsync())).SqlState);
            Assert.Equal(["a", "a", "a", "b"], (await received.NextAsync(4, seconds: 20)).Order(StringComparer.Ordinal));
        }

        await using var drop = server.Sender.CreateCommand($"drop database {database} with (force)");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_the_server_ended_between_two_publishes_is_not_noticed(bool coalescing)
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = OwnPool(server.ConnectionString);
        await using var publisher = dataSource.CreatePublisher(coalescing ? Coalescing : null);
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync(channel, $"{i}", Cancellation);
            await server.TerminateAsync(await ProcessOfAsync(dataSource));
        }

        await publisher.PublishAsync(channel, "last", Cancellation);
        await ear.HeardAsync("0", "1", "2", "3", "4", "last");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_breaks_under_a_publish_fails_those_on_it_and_none_after(bool coalescing)
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var dataSource = OwnPool(proxy.ConnectionString);
        await using var publisher = dataSource.CreatePublisher(coalescing ? new() { CoalesceWindow = TimeSpan.FromMilliseconds(50) } : null);
        await publisher.PublishAsync(channel, "before", Cancellation);

        proxy.FreezeToServer();
        var sent = proxy.FromClients;
        Task[] publishes = coalescing
            ? [.. Enumerable.Range(0, 5).Select(i => publisher.PublishAsync(channel, $"lost {i}", Cancellation))]
            : [publisher.PublishAsync(channel, "lost", Cancellation)];
        await proxy.WhenAsync(p => p.FromClients > sent, Cancellation).SoonAsync();
        proxy.ResetAll();
        foreach (var publish in publishes)
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => publish.SoonAsync());

        proxy.Thaw();
        await publisher.PublishAsync(channel, "after", Cancellation).SoonAsync();
        await ear.HeardAsync("before", "after");
    }

    [Fact]
    public async Task Coalescing_goes_on_while_sessions_are_ended_all_the_time()
    {
        const int Writers = 8;
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        var name = $"pub_{Guid.NewGuid():n}";
        await using var dataSource = OwnPool(server.ConnectionString, name);
        await using var publisher = dataSource.CreatePublisher(Coalescing);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var kills = 0;
        var killing = Task.Run(
            async () =>
            {
                while (!end.IsCancellationRequested)
                {
                    await using var command = server.Sender.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1");
                    command.Parameters.Add(new() { Value = name });
                    Interlocked.Add(ref kills, (int)(long)(await command.ExecuteScalarAsync(Cancellation))!);
                }
            },
            Cancellation);

        var succeeded = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () =>
            {
                var mine = new List<string>();
                for (var i = 0; i < 100 || (Volatile.Read(ref kills) < 20 && i < 10_000); i++)
                {
                    try
                    {
                        await publisher.PublishAsync(channel, $"{writer} {i}", Cancellation);
                        mine.Add($"{writer} {i}");
                    }
                    catch (NpgsqlException)
                    {
                        // It may have been sent or not, and is not tried again.
                    }
                }

                return mine;
            },
            Cancellation))).SoonAsync(seconds: 90);
        await end.CancelAsync();
        await killing;

        await publisher.PublishAsync(channel, "last", Cancellation);
        var heard = new List<string>();
        while (await ear.NextAsync() is var payload && payload != "last")
            heard.Add(payload);
        Assert.True(kills >= 20, $"{kills} sessions were ended.");
        Assert.Equal(heard.Count, heard.Distinct(StringComparer.Ordinal).Count());
        for (var writer = 0; writer < Writers; writer++)
        {
            var prefix = $"{writer} ";
            var inOrder = heard.Where(payload => payload.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            Assert.Equal(inOrder.OrderBy(payload => int.Parse(payload.AsSpan(prefix.Length), System.Globalization.CultureInfo.InvariantCulture)), inOrder);
            Assert.Empty(succeeded[writer].Except(inOrder, StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Disposing_sends_what_waits()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        var publisher = server.Sender.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromSeconds(1) });
        Task[] publishes = [.. Enumerable.Range(0, 10).Select(i => publisher.PublishAsync(channel, $"{i}", Cancellation))];
        await publisher.DisposeAsync();
        await Task.WhenAll(publishes).SoonAsync();
        await ear.HeardAsync([.. Enumerable.Range(0, 10).Select(i => $"{i}")]);
    }

    [Fact]
    public async Task A_publisher_without_a_server_fails_its_callers_and_ends()
    {
        await using var publisher = new NotificationPublisher("Host=127.0.0.1;Port=1;Username=nobody", Coalescing);
        Task[] publishes = [.. Enumerable.Range(0, 3).Select(i => publisher.PublishAsync("c", $"{i}", Cancellation))];
        foreach (var publish in publishes)
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => publish.SoonAsync());
    }

    [Fact]
    public async Task A_standby_is_refused_and_after_its_promotion_it_is_not()
    {
        await using var primary = await LaunchAsync();
        await using var standby = await primary.LaunchStandbyAsync(Cancellation);
        await using var dataSource = NpgsqlDataSource.Create(standby.ConnectionString);
        await using var publisher = dataSource.CreatePublisher();
        await using var connection = await dataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        foreach (var attempt in new[] { () => publisher.PublishAsync("c", "x", transaction, Cancellation), () => publisher.PublishAsync("c", "x", connection, Cancellation), () => publisher.PublishAsync("c", "x", Cancellation) })
            Assert.Contains("is a standby", (await Assert.ThrowsAsync<InvalidOperationException>(attempt)).Message, StringComparison.Ordinal);

        await using (var command = new NpgsqlCommand("select 1", connection, transaction))
            Assert.Equal(1, await command.ExecuteScalarAsync(Cancellation));
        await transaction.RollbackAsync(Cancellation);
        await using (var both = new NotificationPublisher(new NpgsqlConnectionStringBuilder(primary.ConnectionString) { Host = $"127.0.0.1:{standby.Port},127.0.0.1:{primary.Port}" }.ConnectionString))
            await both.PublishAsync("c", "on the primary of both", Cancellation);

        await using var idle = await dataSource.OpenConnectionAsync(Cancellation);
        await using (var promote = new NpgsqlCommand("select pg_promote(true, 30)", connection))
            Assert.Equal(true, await promote.ExecuteScalarAsync(Cancellation));
        await publisher.PublishAsync("c", "on a connection that has not heard of it", idle, Cancellation);
        await publisher.PublishAsync("c", "on a pooled one", Cancellation);
    }

    private static NpgsqlDataSource OwnPool(string connectionString, string? name = null)
        => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 1, ApplicationName = name });

    private static async Task<int> ProcessOfAsync(NpgsqlDataSource dataSource)
    {
        await using var connection = await dataSource.OpenConnectionAsync(Cancellation);
        return connection.ProcessID;
    }

    private static async Task<EphemeralPostgres> LaunchAsync()
    {
        try
        {
            return await EphemeralPostgres.LaunchAsync(new() { Sources = PostgresSources.Installed | PostgresSources.Npm }, Cancellation);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A standby needs a server outside a container. {e.Message}");
            throw;
        }
    }
}
