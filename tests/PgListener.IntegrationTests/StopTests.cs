using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Stopping ends within its limit whatever the listener is doing, and leaves nothing behind.</summary>
public sealed class StopTests : IAsyncLifetime
{
    /// <summary>What a busy machine may add.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1.5);

    /// <summary>How long an interrupted command or a cancelled callback may take to end.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly ServerFixture _server;
    private readonly ITestOutputHelper _output;
    private readonly string _name = $"stop_{Guid.NewGuid():n}";
    private readonly string _channel = NewChannel("stop");
    private readonly FaultProxy _proxy;
    private readonly ListenerLog _log = new();
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StopTests(ServerFixture server, ITestOutputHelper output)
    {
        (_server, _output) = (server, output);
        _proxy = FaultProxy.Start(new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = _name }.ConnectionString);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public enum How
    {
        Stop,
        Dispose,
        Host,
    }

    public static TheoryData<How> EveryWay { get; } = new(Enum.GetValues<How>());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Whatever was done: once the network works again, nothing is left of the listener, on either side.</summary>
    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        _proxy.Thaw();
        await _proxy.WhenAsync(proxy => proxy.Connections == 0, Cancellation).SoonAsync();
        await _server.WhenWithoutSessionsAsync(_name);
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(How.Stop)]
    [InlineData(How.Host)]
    public async Task While_connecting_to_a_peer_that_says_nothing(How how)
    {
        // Npgsql cannot give up an attempt before its limit: the socket, not the stop, lasts until then.
        _proxy.Stalls = true;
        await using var subject = await StartAsync(how, new() { ConnectTimeout = TimeSpan.FromSeconds(4) }, listens: false);
        await _proxy.WhenAsync(proxy => proxy.FromClients > 0, Cancellation).SoonAsync();
        await EndsAsync(subject, Grace);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_backing_off(How how)
    {
        _proxy.Refuses = true;
        await using var subject = await StartAsync(how, new() { ReconnectDelay = TimeSpan.FromHours(1), MaxReconnectDelay = TimeSpan.FromHours(1) }, listens: false);
        await _log.ConnectFailed.NextAsync();
        await EndsAsync(subject, TimeSpan.Zero);
    }

    [Fact]
    public async Task While_a_probe_is_unanswered()
    {
        await using var subject = await StartAsync(How.Stop, new() { KeepAlive = TimeSpan.FromSeconds(3) });
        _proxy.FreezeToClient();
        var before = _proxy.FromClients;
        await _proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        await EndsAsync(subject, Grace);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_waiting_idly(How how)
    {
        await using var subject = await StartAsync(how);
        await EndsAsync(subject, TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_the_peer_is_a_black_hole(How how)
    {
        await using var subject = await StartAsync(how);
        _proxy.Freeze();
        await EndsAsync(subject, TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_a_LISTEN_is_unanswered(How how)
    {
        var received = new Received<string>();
        await using var subject = await StartAsync(how, callback: received.Payloads());
        await _server.NotifyAsync(_channel, "reads");
        await received.NextAsync(); // Until it reads, it would take the first requests alone.
        _proxy.FreezeToServer();
        var before = _proxy.FromClients;
        Task[] added = [.. Enumerable.Range(0, 100).Select(i => subject.SubscribeAsync($"{i:000}_{NewChannel()}", (_, _) => Task.CompletedTask))];
        await _server.NotifyAsync(_channel, "wakes it");
        await _proxy.WhenAsync(proxy => proxy.FromClients > before + 5_000, Cancellation).SoonAsync(); // Only a hundred LISTENs are that long.
        await EndsAsync(subject, Grace);
        foreach (var task in added)
            await Assert.ThrowsAsync<ListenerClosedException>(() => task.SoonAsync());
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_notifications_pour_in(How how)
    {
        var (last, ahead) = (0, 0);
        var poured = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subject = await StartAsync(how, callback: (context, _) =>
        {
            if (int.Parse(context.Payload, CultureInfo.InvariantCulture) != ++last)
                ahead++;
            if (last == 20_000)
                poured.SetResult();
            return Task.CompletedTask;
        });

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var publisher = Task.Run(
            async () =>
            {
                for (var i = 1; !enough.IsCancellationRequested; i += 1_000)
                    await _server.Sender.NotifyRangeAsync(_channel, i, 1_000, cancellationToken: Cancellation);
            },
            Cancellation);
        await poured.Task.SoonAsync();
        await EndsAsync(subject, TimeSpan.Zero);
        await enough.CancelAsync();
        await publisher;
        Assert.Equal(0, ahead);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task While_reading_is_paused_and_a_callback_hangs(How how)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subject = await StartAsync(
            how,
            new() { QueueCapacity = 10, DrainTimeout = TimeSpan.FromMilliseconds(500) },
            callback: async (_, token) =>
            {
                entered.TrySetResult();
                await using var registration = token.Register(() => cancelled.TrySetResult());
                await _release.Task; // Not even then.
            });
        await _server.Sender.NotifyRangeAsync(_channel, 1, 100_000, cancellationToken: Cancellation);
        await entered.Task.SoonAsync();
        await EndsAsync(subject, TimeSpan.FromMilliseconds(500) + Grace);
        await cancelled.Task.SoonAsync();
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task What_is_queued_is_finished_if_there_is_time_for_it(How how)
    {
        var (done, entered) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var subject = await StartAsync(how, callback: async (_, token) =>
        {
            entered.TrySetResult();
            await _release.Task.WaitAsync(token);
            done++;
        });
        var arrived = new Received<string>();
        await subject.SubscribeAsync(_channel, arrived.Payloads()); // Its queue gets each notification after the other's does.
        await _server.Sender.NotifyRangeAsync(_channel, 1, 1_000, cancellationToken: Cancellation);
        await entered.Task.SoonAsync();
        await arrived.NextAsync(1_000, seconds: 20);

        var ending = EndsAsync(subject, TimeSpan.FromSeconds(1));
        await subject.IsStoppingAsync();
        Assert.False(ending.IsCompleted);
        _release.SetResult();
        await ending;
        Assert.Equal(1_000, done);
    }

    [Fact]
    public async Task A_host_cuts_the_drain_to_its_own_limit()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subject = await StartAsync(
            How.Host,
            new() { DrainTimeout = TimeSpan.FromHours(1) },
            callback: async (_, _) =>
            {
                entered.TrySetResult();
                await _release.Task;
            });
        await _server.NotifyAsync(_channel, "");
        await entered.Task.SoonAsync();
        await EndsAsync(subject, Subject.ShutdownTimeout + Grace);
    }

    [Fact]
    public async Task A_stopped_listener_keeps_no_session_on_the_server()
    {
        await using var subject = await StartAsync(How.Stop);
        await subject.SubscribeAsync(NewChannel(), (_, _) => Task.CompletedTask).SoonAsync();
        await EndsAsync(subject, TimeSpan.Zero);
        await _server.WhenWithoutSessionsAsync(_name, seconds: 5);
    }

    [Fact]
    public async Task A_connection_that_is_about_to_be_kept_when_the_listener_stops_is_closed()
    {
        using var time = new BlockingTime("SecondConnection");
        await using var subject = await StartAsync(How.Stop, new() { TimeProvider = time });
        await subject.SubscribeAsync(NewChannel(), (_, _) => Task.CompletedTask).SoonAsync();
        await time.Entered.SoonAsync();
        await EndsAsync(subject, TimeSpan.Zero);
        time.Release();
        await _server.WhenWithoutSessionsAsync(_name, seconds: 5);
    }

    private async Task EndsAsync(Subject subject, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        await subject.EndAsync().SoonAsync();
        var text = $"{subject.How}: ended after {watch.Elapsed.TotalSeconds:0.000} s";
        _output.WriteLine(text);
        Assert.True(watch.Elapsed <= limit + Tolerance, $"{text}, but the limit is {limit.TotalSeconds} s.");
        Assert.Equal(ListenerState.Stopped, subject.State);
    }

    private async Task<Subject> StartAsync(How how, ListenerOptions? options = null, NotificationCallback? callback = null, bool listens = true)
    {
        var subject = await Subject.StartAsync(how, _proxy.ConnectionString, options ?? new(), _log);
        var subscribed = subject.SubscribeAsync(_channel, callback ?? ((_, _) => Task.CompletedTask));
        if (listens)
        {
            await subscribed.SoonAsync();
            await subject.WaitUntilListeningAsync().SoonAsync();
        }

        return subject;
    }

    /// <summary>Holds code up that creates a timer for an object of a type, as a busy machine may.</summary>
    private sealed class BlockingTime(string type) : TimeProvider, IDisposable
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();
        private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken; // The code that is held up does not inherit the test's context.

        public Task Entered => _entered.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (state?.GetType().Name == type)
            {
                _entered.TrySetResult();
                _released.Wait(_cancellation);
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }

        public void Release() => _released.Set();

        public void Dispose() => _released.Dispose();
    }

    /// <summary>A listener, alone or in a host, and the way to end it.</summary>
    private sealed class Subject(How how, Listener? listener, IHost? host) : IAsyncDisposable
    {
        public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(2);

        private readonly IPgListener? _hosted = host?.Services.GetRequiredService<IPgListener>();

        public How How => how;

        public ListenerState State => listener?.State ?? _hosted!.State;

        public static async Task<Subject> StartAsync(How how, string connectionString, ListenerOptions options, ListenerLog log)
        {
            options.LoggerFactory = log;
            if (how != How.Host)
            {
                var listener = new Listener(connectionString, options);
                listener.Start();
                listener.Listen();
                return new(how, listener, host: null);
            }

            var builder = Host.CreateEmptyApplicationBuilder(new());
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
            builder.Services.AddSingleton<ILoggerFactory>(log);
            builder.Services.AddPgListener(settings =>
            {
                foreach (var property in typeof(ListenerOptions).GetProperties())
                    property.SetValue(settings, property.GetValue(options));
                settings.ConnectionString = connectionString;
            });
            var host = builder.Build();
            await host.StartAsync(Cancellation);
            return new(how, listener: null, host);
        }

        public Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback)
            => listener?.SubscribeAsync(channel, callback, cancellationToken: Cancellation) ?? _hosted!.SubscribeAsync(channel, callback, cancellationToken: Cancellation);

        public Task WaitUntilListeningAsync() => listener?.WaitUntilListeningAsync(Cancellation) ?? _hosted!.WaitUntilListeningAsync(Cancellation);

        public Task EndAsync() => how switch
        {
            How.Stop => listener!.StopAsync(Cancellation),
            How.Dispose => listener!.DisposeAsync().AsTask(),
            _ => host!.StopAsync(Cancellation),
        };

        public async Task IsStoppingAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (State != ListenerState.Stopping)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (listener is not null)
                await listener.DisposeAsync();
            if (host is IAsyncDisposable disposable)
                await disposable.DisposeAsync();
        }
    }
}
