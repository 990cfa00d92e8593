using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>The set of wanted channels changes while notifications pour in: nothing is lost, doubled or reordered, and nothing reconnects.</summary>
[Collection(nameof(Alone))]
public sealed class UnderFireTests(ServerFixture server, ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_subscriptions_come_and_go_under_fire()
    {
        var prefix = NewChannel();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        var fire = await Fire.OpenAsync(server.Sender, listener);
        var session = listener.Connection.ProcessID;

        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 1_000; i++)
        {
            await using var subscription = await listener.SubscribeAsync($"{prefix}{i}", (_, _) => Task.CompletedTask, cancellationToken: Cancellation).SoonAsync();
        }

        output.WriteLine($"1,000 subscriptions came and went in {watch.Elapsed.TotalSeconds:0.0} s, under {fire.Heard:n0} notifications of {Fire.Size:n0} bytes");
        await fire.CeaseAsync();
        Assert.Equal(session, listener.Connection.ProcessID);
        Assert.Equal([fire.Channel], await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task Callbacks_subscribe_and_end_subscriptions_under_fire()
    {
        const int Count = 200;
        var prefix = NewChannel();
        var ended = new Received<string>();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        var session = listener.Connection.ProcessID;

        // Each callback subscribes the next, ends its own subscription, and sends the next its notification.
        await SubscribeAsync(0);
        var fire = await Fire.OpenAsync(server.Sender, listener);
        await server.NotifyAsync($"{prefix}0", "");
        await ended.NextAsync(Count, seconds: 20);
        await fire.CeaseAsync();
        Assert.Equal(session, listener.Connection.ProcessID);
        Assert.Equal([fire.Channel], await listener.GetListeningChannelsAsync(Cancellation));

        async Task SubscribeAsync(int i)
        {
            var own = new TaskCompletionSource<ListenerSubscription>();
            own.SetResult(await listener.SubscribeAsync($"{prefix}{i}", OnNotificationAsync, cancellationToken: Cancellation));

            async Task OnNotificationAsync(NotificationContext context, CancellationToken token)
            {
                if (i + 1 < Count)
                    await SubscribeAsync(i + 1);
                await (await own.Task).DisposeAsync();
                if (i + 1 < Count)
                    await server.NotifyAsync($"{prefix}{i + 1}", "");
                ended.Add(context.Channel);
            }
        }
    }

    [Fact]
    public async Task Channels_wished_while_connecting_and_while_backing_off_are_listened_to_under_fire()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        var log = new ListenerLog();
        var received = new Received<string>();
        await using var listener = new Listener(
            proxy.ConnectionString,
            new() { ReconnectDelay = TimeSpan.FromMilliseconds(20), MaxReconnectDelay = TimeSpan.FromMilliseconds(100), LoggerFactory = log });
        await using var publisher = new Publisher(server.Sender, NewChannel());
        await listener.AddChannelAsync(publisher.Channel, Cancellation);

        proxy.Stalls = true;
        listener.Start();
        listener.Listen();
        await proxy.WhenAsync(_ => proxy.FromClients > 0, Cancellation).SoonAsync();
        var whileConnecting = AddAsync("1_" + NewChannel());
        proxy.Stalls = false;
        proxy.ResetAll();
        await IsHeardAsync(await whileConnecting.SoonAsync());

        for (var i = 0; i < 5; i++)
        {
            await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
            proxy.Refuses = true;
            proxy.ResetAll();
            await log.Lost.NextAsync();
            var whileBackingOff = Enumerable.Range(0, 10).Select(n => AddAsync($"{i}_{n}_" + NewChannel())).ToArray();
            proxy.Refuses = false;
            foreach (var channel in await Task.WhenAll(whileBackingOff).SoonAsync())
                await IsHeardAsync(channel);
        }

        Assert.Equal(52, (await listener.GetListeningChannelsAsync(Cancellation)).Count);

        async Task<string> AddAsync(string channel)
        {
            await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
            return channel;
        }

        async Task IsHeardAsync(string channel)
        {
            await server.NotifyAsync(channel, channel);
            Assert.Equal(channel, await received.NextAsync());
        }
    }

    [Fact]
    public async Task A_question_is_answered_after_the_changes_that_were_made_before_it()
    {
        var first = "1_" + NewChannel();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = server.ListenThrough(proxy);
        await listener.StartAsync(Cancellation);
        var subscription = await listener.SubscribeAsync(first, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);

        // LISTENs, one or more, are on their way when the subscription ends, and then the question is asked.
        proxy.FreezeToServer();
        var before = proxy.FromClients;
        Task[] added = [.. Enumerable.Range(0, 100).Select(i => listener.AddChannelAsync($"3_{i:000}_{NewChannel()}", Cancellation))];
        await proxy.WhenAsync(_ => proxy.FromClients > before, Cancellation).SoonAsync();
        await subscription.DisposeAsync();
        var asked = listener.GetListeningChannelsAsync(Cancellation);
        proxy.Thaw();
        Assert.DoesNotContain(first, await asked.SoonAsync());
        await Task.WhenAll(added).SoonAsync();
    }

    [Fact]
    public async Task Ten_thousand_channels_wished_at_once_are_listened_to_in_few_transactions()
    {
        // A database of its own counts only its own transactions, once the sessions that made them have ended.
        var database = $"fire_{Guid.NewGuid():n}";
        await using (var create = server.Sender.CreateCommand($"create database {database}"))
            await create.ExecuteNonQueryAsync(Cancellation);
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, ApplicationName = database }.ConnectionString;
        await using (var listener = new Listener(connectionString))
        {
            await listener.StartAsync(Cancellation);
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, 10_000).Select(i => listener.AddChannelAsync($"c{i}", Cancellation))).SoonAsync(60);
            output.WriteLine($"10,000 channels in {watch.Elapsed.TotalSeconds:0.00} s");
            Assert.Equal(10_000, (await listener.GetListeningChannelsAsync(Cancellation)).Count);
        }

        await server.WhenWithoutSessionsAsync(database);
        await using var count = server.Sender.CreateCommand("select xact_commit from pg_stat_database where datname = $1");
        count.Parameters.Add(new() { Value = database });
        var transactions = (long)(await count.ExecuteScalarAsync(Cancellation))!;
        output.WriteLine($"{transactions} transactions");
        Assert.InRange(transactions, 1, 200);
        await using var drop = server.Sender.CreateCommand($"drop database {database}");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>Sends numbers at full speed, in messages of nearly the greatest length, until it is disposed of.</summary>
    private sealed class Publisher : IAsyncDisposable
    {
        private readonly CancellationTokenSource _enough = new();
        private readonly Task _running;

        public Publisher(NpgsqlDataSource sender, string channel)
        {
            Channel = channel;
            _running = Task.Run(
                async () =>
                {
                    for (; !_enough.IsCancellationRequested; Sent += 50)
                        await sender.NotifyRangeAsync(channel, Sent + 1, 50, Fire.Size, CancellationToken.None);
                },
                Cancellation);
        }

        public string Channel { get; }

        public int Sent { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _enough.CancelAsync();
            await _running;
            _enough.Dispose();
        }
    }

    /// <summary>A publisher at full speed, and a callback that checks that nothing is lost, doubled or reordered.</summary>
    private sealed class Fire
    {
        public const int Size = 7_900;

        private readonly TaskCompletionSource _burning = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Publisher? _publisher;
        private volatile int _heard;
        private volatile int _last = int.MaxValue;

        public string Channel { get; } = NewChannel("fire");

        public int Heard => _heard;

        public static async Task<Fire> OpenAsync(NpgsqlDataSource sender, Listener listener)
        {
            var fire = new Fire();
            await listener.AddCallbackAsync(fire.Channel, fire.OnNotification, Cancellation);
            fire._publisher = new(sender, fire.Channel);
            await fire._burning.Task.SoonAsync();
            return fire;
        }

        /// <summary>Ends the fire, and waits until everything was heard.</summary>
        public async Task CeaseAsync()
        {
            await _publisher!.DisposeAsync();
            _last = _publisher.Sent;
            if (_heard == _last)
                _over.TrySetResult();
            await _over.Task.SoonAsync(60);
        }

        private Task OnNotification(NotificationContext context, CancellationToken cancellationToken)
        {
            var number = int.Parse(context.Payload, CultureInfo.InvariantCulture);
            if (number != _heard + 1)
                _over.TrySetException(new InvalidOperationException($"{_heard + 1} was due, but {number} came."));
            _heard = number;
            if (number == 100)
                _burning.SetResult();
            if (number == _last)
                _over.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
