using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What happens to a session while it does not read, at a stop that leaves it behind, and to the proof that it hears.</summary>
public sealed class SessionFaultTests(ServerFixture server, ITestOutputHelper output) : IDisposable
{
    private readonly FakeLogCollector _log = new();
    private LoggerFactory? _loggers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LoggerFactory Loggers => _loggers ??= new([new FakeLoggerProvider(_log)], new LoggerFilterOptions { MinLevel = LogLevel.Debug });

    public void Dispose() => _loggers?.Dispose();

    public enum Fault
    {
        Terminated,
        Frozen,
        Killed,
    }

    [Theory]
    [InlineData(Fault.Terminated)]
    [InlineData(Fault.Frozen)]
    [InlineData(Fault.Killed)]
    public async Task A_session_that_ends_while_reading_is_paused_is_noticed_in_time(Fault fault)
    {
        await using var own = await TestServers.StartOwnAsync();
        Assert.SkipWhen(own.WhyUnbreakable is not null, own.WhyUnbreakable ?? "");
        var channel = NewChannel();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lost = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(own.ConnectionString, new()
        {
            LoggerFactory = Loggers,
            KeepAlive = TimeSpan.FromSeconds(2),
            MaxBackpressure = TimeSpan.FromMinutes(5),
            QueueCapacity = 10,
        });
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                lost.TrySetResult(change.Status.Problem);
        };
        await using var stuck = await listener.SubscribeAsync(
            channel,
            async (_, _) =>
            {
                entered.TrySetResult();
                await release.Task;
            },
            cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        await using (var sender = NpgsqlDataSource.Create($"{own.ConnectionString};Pooling=false"))
            await sender.NotifyRangeAsync(channel, 1, 5_000, 7_000, Cancellation);
        await entered.Task.SoonAsync();
        await listener.WhenQueuedAsync(10);
        Assert.Equal(ListenerState.Listening, listener.State);

        var watch = Stopwatch.StartNew();
        if (fault == Fault.Terminated)
            await TerminateAsync(own, listener.Connection.ProcessID);
        else if (fault == Fault.Frozen)
            await own.PauseAsync();
        else
            await own.KillAsync();
        output.WriteLine($"{fault}: {await lost.Task.SoonAsync()} after {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5.5);
        if (fault == Fault.Frozen)
            await own.ResumeAsync();
        else if (fault == Fault.Killed)
            await own.StartAsync();
        release.SetResult();
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync(40);
    }

    [Fact]
    public async Task A_paused_session_that_is_well_is_kept()
    {
        var channel = NewChannel();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1), QueueCapacity = 10, LoggerFactory = Loggers });
        await using var slow = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                await release.Task;
                done.Add(context.Payload);
            },
            cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        var session = listener.Connection.ProcessID;
        await server.Sender.NotifyRangeAsync(channel, 1, 2_000, 1_000, Cancellation);
        await using (var sleep = server.Sender.CreateCommand("select pg_sleep(5)"))
            await sleep.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal((ListenerState.Listening, session), (listener.State, listener.Connection.ProcessID));
        release.SetResult();
        await done.NextAsync(2_000, seconds: 20);
        Assert.Equal(session, listener.Connection.ProcessID);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_delivery_is_proven_on_a_connection_of_the_new_one()
    {
        await using var own = await TestServers.StartOwnAsync();
        Assert.SkipWhen(own.WhyUnbreakable is not null, own.WhyUnbreakable ?? "");
        await using var listener = new Listener($"{own.ConnectionString};Minimum Pool Size=2", new() { LoggerFactory = Loggers, ReconnectDelay = TimeSpan.FromMilliseconds(50) });
        await listener.StartAsync(Cancellation).SoonAsync();
        await listener.AddChannelAsync(NewChannel(), Cancellation).SoonAsync(); // Wakes from a second connection.
        for (var restart = 0; restart < 3; restart++)
        {
            var reconnecting = WhenReconnecting(listener);
            await own.StopAsync();
            await own.StartAsync();
            await reconnecting.SoonAsync();
            await listener.WaitUntilListeningAsync(Cancellation).SoonAsync(30);
        }

        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Id.Id == 107);
    }

    [Fact]
    public async Task A_name_that_leads_to_another_server_than_the_one_that_is_listened_to_is_found_and_said()
    {
        await using var other = await TestServers.StartOwnAsync();
        var sources = 0;
        await using var listener = new Listener(server.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1) }, builder =>
        {
            var elsewhere = new NpgsqlConnectionStringBuilder(other.ConnectionString);
            if (++sources == 2)
                (builder.ConnectionStringBuilder.Host, builder.ConnectionStringBuilder.Port, builder.ConnectionStringBuilder.Password) = (elsewhere.Host, elsewhere.Port, elsewhere.Password);
        });
        var error = await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation).SoonAsync());
        Assert.Contains("another server", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_told_that_a_channel_is_listened_to_after_a_stop_that_was_cut_short()
    {
        var channel = NewChannel();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = new Listener(proxy.ConnectionString, new() { ReconnectDelay = TimeSpan.FromMilliseconds(10), MaxReconnectDelay = TimeSpan.FromMilliseconds(50) });
        await listener.AddChannelAsync(channel, Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        proxy.Freeze();
        proxy.Refuses = true;
        await listener.StopAsync(new CancellationToken(canceled: true)).SoonAsync();
        listener.Start();
        var added = listener.AddCallbackAsync(channel, (_, _) => Task.CompletedTask, Cancellation);
        Assert.False(added.IsCompleted);
        Assert.Equal(ListenerState.Connecting, listener.State);
        proxy.Refuses = false;
        proxy.Thaw();
        await added.SoonAsync();
        Assert.Contains(channel, await listener.GetListeningChannelsAsync(Cancellation).SoonAsync());
    }

    [Fact]
    public async Task Questions_that_were_taken_back_are_not_asked()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        proxy.Refuses = true;
        await using var listener = new Listener(proxy.ConnectionString, new() { ReconnectDelay = TimeSpan.FromMilliseconds(10), MaxReconnectDelay = TimeSpan.FromMilliseconds(50) });
        listener.Start();
        using var taken = new CancellationTokenSource();
        var questions = Enumerable.Range(0, 5_000).Select(_ => listener.GetListeningChannelsAsync(taken.Token)).ToArray();
        await taken.CancelAsync();
        foreach (var question in questions)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question.SoonAsync());
        proxy.Refuses = false;
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
        await listener.GetListeningChannelsAsync(Cancellation).SoonAsync();
        Assert.InRange(proxy.FromClients, 1, 50_000);
    }

    [Fact]
    public async Task Payloads_that_cannot_be_read_leave_the_other_channels_heard()
    {
        const int Rounds = 8;
        var name = $"ascii{Guid.NewGuid():n}";
        await using (var create = server.Sender.CreateCommand($"create database {name} template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'"))
            await create.ExecuteNonQueryAsync(Cancellation);
        var channel = NewChannel();
        var received = new Received<string>();
        await using (var listener = new Listener($"{server.ConnectionString};Database={name}", new() { LoggerFactory = Loggers }))
        {
            await using var good = await listener.SubscribeAsync(channel, received.Payloads(), new() { OnResync = received.Reasons() }, Cancellation);
            await listener.AddChannelAsync("bad", Cancellation);
            await listener.StartAsync(Cancellation).SoonAsync();
            listener.Listen();
            Assert.Equal("Started", await received.NextAsync());
            await using var sender = NpgsqlDataSource.Create($"{server.ConnectionString};Database={name}");
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < Rounds; i++)
            {
                // Paced by the server: one every now and then.
                await using (var bad = sender.CreateCommand("select pg_notify('bad', E'caf\\xe9') from pg_sleep(0.5)"))
                    await bad.ExecuteNonQueryAsync(Cancellation);
                Assert.Equal("Reconnected", await received.NextAsync());
                await sender.NotifyRangeAsync(channel, i, 1, cancellationToken: Cancellation);
                Assert.Equal(i.ToString(CultureInfo.InvariantCulture), await received.NextAsync());
            }

            output.WriteLine($"{Rounds} losses in {watch.Elapsed.TotalSeconds:0.0} s");
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, 0.5 * Rounds + 6);
            Assert.Contains(_log.GetSnapshot(), record => record.Id.Id == 101 && record.Message.Contains("cannot be turned into UTF-8", StringComparison.Ordinal));
        }

        await using var drop = server.Sender.CreateCommand($"drop database {name} with (force)");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    [Fact]
    public async Task Very_many_channels_at_once_are_listened_to_in_parts_that_have_a_limit_each()
    {
        const int Channels = 20_000;
        var prefix = NewChannel();
        await using var own = await TestServers.StartOwnAsync(); // So many cost a server time for every notification.
        await using var listener = new Listener(own.ConnectionString, new() { CommandTimeout = TimeSpan.FromSeconds(2), KeepAlive = TimeSpan.FromSeconds(2) });
        await Task.WhenAll(Enumerable.Range(0, Channels).Select(i => listener.AddChannelAsync($"{prefix}{i}", Cancellation)));
        var watch = Stopwatch.StartNew();
        await listener.StartAsync(Cancellation).SoonAsync(120);
        output.WriteLine($"{Channels:n0} channels after {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(Channels, (await listener.GetListeningChannelsAsync(Cancellation).SoonAsync()).Count);
    }

    [Fact]
    public async Task A_neighbour_who_comes_and_goes_makes_nobody_lose_anything()
    {
        const int Count = 10_000;
        var (channel, neighbour) = (NewChannel(), NewChannel("neighbour"));
        var received = new Received<string>();
        var gaps = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 100, MaxBackpressure = TimeSpan.FromMinutes(10), LoggerFactory = Loggers });
        await using var slow = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                await Task.Yield();
                Thread.SpinWait(20_000);
                received.Add(context.Payload);
            },
            new() { OnResync = gaps.Reasons() },
            Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        using var over = new CancellationTokenSource();
        var coming = Task.Run(
            async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    await using var subscription = await listener.SubscribeAsync(neighbour, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
                }
            },
            Cancellation);
        await server.Sender.NotifyRangeAsync(channel, 1, Count, 100, Cancellation);
        for (var i = 1; i <= Count; i++)
            Assert.Equal(i, int.Parse(await received.NextAsync(), CultureInfo.InvariantCulture));
        await over.CancelAsync();
        await coming.SoonAsync(40);
        Assert.Equal("Started", await gaps.NextAsync());
        Assert.Equal(0, gaps.Waiting);
    }

    [Fact]
    public async Task While_reading_is_paused_a_channel_that_nobody_wants_any_more_costs_nothing()
    {
        var (channel, neighbour) = (NewChannel(), NewChannel("neighbour"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        var sources = 0;
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 10, KeepAlive = TimeSpan.FromMinutes(1) }, builder =>
        {
            if (++sources == 1)
                (builder.ConnectionStringBuilder.Host, builder.ConnectionStringBuilder.Port) = ("127.0.0.1", new NpgsqlConnectionStringBuilder(proxy.ConnectionString).Port);
        });
        await using var stuck = await listener.SubscribeAsync(channel, (_, _) => release.Task, cancellationToken: Cancellation);
        var leaving = await listener.SubscribeAsync(neighbour, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        await server.Sender.NotifyRangeAsync(channel, 1, 2_000, 1_000, Cancellation);
        await listener.WhenQueuedAsync(10);
        var before = proxy.FromClients;
        await leaving.DisposeAsync();
        await using (var sleep = server.Sender.CreateCommand("select pg_sleep(2)"))
            await sleep.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal(before, proxy.FromClients);
        var joined = listener.SubscribeAsync(neighbour, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        release.SetResult();
        await (await joined.SoonAsync()).DisposeAsync();
    }

    private static Task WhenReconnecting(Listener listener)
    {
        var reconnecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                reconnecting.TrySetResult();
        };
        return reconnecting.Task;
    }

    private static async Task TerminateAsync(ITestServer own, int processId)
    {
        await using var source = NpgsqlDataSource.Create($"{own.ConnectionString};Pooling=false");
        await using var command = source.CreateCommand("select pg_terminate_backend($1)");
        command.Parameters.Add(new() { Value = processId });
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
