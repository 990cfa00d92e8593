using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A configuration that changes while the host runs: what it does to notifications, on the same connection.</summary>
public sealed class ReloadTests(ServerFixture server) : IAsyncDisposable
{
    private readonly ListenerLog _log = new();
    private IHost? _host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_host is null)
            return;

        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    /// <summary>A call that has begun, and ends when the test says so.</summary>
    private sealed record Call(string Payload, TaskCompletionSource End, CancellationToken Token);

    private abstract class HeldHandler<TChannel>(Received<Call> begun) : INotificationHandler<TChannel>
        where TChannel : INotificationChannel<TChannel>
    {
        public async Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken)
        {
            var call = new Call(notification.Payload, new(TaskCreationOptions.RunContinuationsAsynchronously), cancellationToken);
            begun.Add(call);
            await call.End.Task.WaitAsync(cancellationToken);
        }
    }

    // The name of a channel is static, so each test has channel types of its own.
    private sealed record Counted : INotificationChannel<Counted>
    {
        public static string ChannelName { get; } = NewChannel("counted");

        public static Counted Parse(string payload) => new();
    }

    private sealed class CountedHandler(Received<Call> begun) : HeldHandler<Counted>(begun);

    [Fact]
    public async Task MaxConcurrency_of_a_handler()
    {
        var begun = new Received<Call>();
        await StartAsync<Counted, CountedHandler>(begun);
        var session = Session();
        await server.NotifyAsync(Counted.ChannelName, "1", "2", "3", "4", "5");
        var first = await begun.NextAsync();
        Set(("PgListener:Handlers:CountedHandler:MaxConcurrency", "3"));
        first.End.SetResult();
        var calls = await begun.NextAsync(3, seconds: 20);
        Assert.Equal(["2", "3", "4"], calls.Select(call => call.Payload).Order());

        Set(("PgListener:Handlers:CountedHandler:MaxConcurrency", "1"));
        foreach (var call in calls)
            call.End.SetResult();
        await server.NotifyAsync(Counted.ChannelName, "6");
        var fifth = await begun.NextAsync();
        Assert.Equal("5", fifth.Payload);
        fifth.End.SetResult();
        Assert.Equal("6", (await begun.NextAsync()).Payload);
        Assert.Equal(session, Session());
    }

    private sealed record Limited : INotificationChannel<Limited>
    {
        public static string ChannelName { get; } = NewChannel("limited");

        public static Limited Parse(string payload) => new();
    }

    private sealed class LimitedHandler(Received<Call> begun) : HeldHandler<Limited>(begun);

    [Fact]
    public async Task Timeout_of_a_handler()
    {
        var begun = new Received<Call>();
        await StartAsync<Limited, LimitedHandler>(begun);
        var session = Session();
        await server.NotifyAsync(Limited.ChannelName, "1", "2");
        var first = await begun.NextAsync();
        Set(("PgListener:Handlers:LimitedHandler:Timeout", "00:00:00.05"));
        first.End.SetResult();
        var second = await begun.NextAsync();
        Assert.Equal("2", second.Payload);
        await _log.TimedOut.NextAsync();
        Assert.True(second.Token.IsCancellationRequested);
        Assert.False(first.Token.IsCancellationRequested);
        Assert.Equal(session, Session());
    }

    private sealed record Queued : INotificationChannel<Queued>
    {
        public static string ChannelName { get; } = NewChannel("queued");

        public static Queued Parse(string payload) => new();
    }

    private sealed class QueuedHandler(Received<Call> begun, Received<string> gaps) : HeldHandler<Queued>(begun), IResyncHandler<Queued>
    {
        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            gaps.Add($"{resync.Reason} {resync.Dropped}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Queue_settings_of_the_listener()
    {
        var (begun, gaps) = (new Received<Call>(), new Received<string>());
        await StartAsync<Queued, QueuedHandler>(begun, services => services.AddSingleton(gaps));
        var session = Session();
        var others = new Received<string>();
        await using var other = await _host!.Services.GetRequiredService<IPgListener>()
            .SubscribeAsync(NewChannel(), others.Payloads(), new() { OnResync = others.Reasons() }, Cancellation);
        Assert.Equal("Started 0", await gaps.NextAsync());
        Assert.Equal("Started", await others.NextAsync());
        await server.NotifyAsync(Queued.ChannelName, "0");
        var first = await begun.NextAsync();

        // Full, the queue holds up the reading, and everyone: until it may hold more.
        Set(("PgListener:QueueCapacity", "3"), ("PgListener:MaxBackpressure", "01:00:00"));
        await server.Sender.NotifyRangeAsync(Queued.ChannelName, 1, 2, cancellationToken: Cancellation);
        await server.Sender.NotifyRangeAsync(Queued.ChannelName, 3, 100, cancellationToken: Cancellation);
        await server.NotifyAsync(other.Channel, "held up");
        await EmptyTheSocketAsync();
        Assert.Equal(0, others.Waiting);
        Set(("PgListener:QueueCapacity", "1000"));
        Assert.Equal("held up", await others.NextAsync());

        // Another mode: it never holds up anyone again, and says what it has dropped.
        Set(("PgListener:QueueCapacity", "103"), ("PgListener:FullQueueMode", "Drop"));
        await server.Sender.NotifyRangeAsync(Queued.ChannelName, 103, 5, cancellationToken: Cancellation);
        await server.NotifyAsync(other.Channel, "not held up");
        Assert.Equal("not held up", await others.NextAsync());
        first.End.SetResult();
        for (var i = 1; i <= 102; i++)
        {
            var call = await begun.NextAsync();
            Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), call.Payload);
            call.End.SetResult();
        }

        Assert.Equal("Overflow 5", await gaps.NextAsync());
        Assert.Equal(session, Session());
    }

    /// <summary>A shorter limit ends a wait that is under way.</summary>
    [Fact]
    public async Task MaxBackpressure_while_a_queue_is_full()
    {
        var begun = new Received<Call>();
        await StartAsync<Pressed, PressedHandler>(begun, settings: [("PgListener:QueueCapacity", "1"), ("PgListener:MaxBackpressure", "01:00:00")]);
        await server.NotifyAsync(Pressed.ChannelName, "1", "2", "3");
        var first = await begun.NextAsync();
        await EmptyTheSocketAsync();
        Assert.Equal(0, _log.Overflowed.Waiting);
        Set(("PgListener:MaxBackpressure", "00:00:00"));
        await _log.Overflowed.NextAsync();
        first.End.SetResult();
    }

    private sealed record Pressed : INotificationChannel<Pressed>
    {
        public static string ChannelName { get; } = NewChannel("pressed");

        public static Pressed Parse(string payload) => new();
    }

    private sealed class PressedHandler(Received<Call> begun) : HeldHandler<Pressed>(begun);

    private sealed record Refused : INotificationChannel<Refused>
    {
        public static string ChannelName { get; } = NewChannel("refused");

        public static Refused Parse(string payload) => new();
    }

    private sealed class RefusedHandler(Received<Call> begun) : HeldHandler<Refused>(begun);

    [Fact]
    public async Task A_wrong_change_and_one_that_needs_a_restart_leave_the_listener_as_it_is()
    {
        var begun = new Received<Call>();
        await StartAsync<Refused, RefusedHandler>(begun);
        var session = Session();
        Set(("PgListener:Handlers:RefusedHandler:MaxConcurrency", "5"), ("PgListener:Handlers:RefusedHandler:Timeout", "-00:00:01"));
        await _log.Refused.NextAsync();
        await server.NotifyAsync(Refused.ChannelName, "1", "2");
        var first = await begun.NextAsync();
        Assert.Equal("1", first.Payload);
        await EmptyTheSocketAsync();
        Assert.Equal(0, begun.Waiting);

        Set(("PgListener:Handlers:RefusedHandler:Timeout", "01:00:00"), ("ConnectionStrings:Postgres", "Host=127.0.0.1;Port=1;Username=nobody"));
        await _log.NeedsRestart.NextAsync();
        first.End.SetResult();
        (await begun.NextAsync()).End.SetResult();
        Assert.Equal(session, Session());

        // Nor does the next connection use it.
        await server.TerminateAsync(session!.Value);
        await _log.Lost.NextAsync();
        await _host!.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
        Assert.NotEqual(session, Session());
        await server.NotifyAsync(Refused.ChannelName, "3");
        (await begun.NextAsync()).End.SetResult();
    }

    private sealed record Filed : INotificationChannel<Filed>
    {
        public static string ChannelName { get; } = NewChannel("filed");

        public static Filed Parse(string payload) => new();
    }

    private sealed class FiledHandler(Received<Call> begun) : HeldHandler<Filed>(begun);

    [Fact]
    public async Task A_file_that_is_edited()
    {
        var folder = Directory.CreateTempSubdirectory("pglistener");
        try
        {
            var file = Path.Combine(folder.FullName, "appsettings.json");
            await WriteAsync(maxConcurrency: 1);
            var begun = new Received<Call>();
            await StartAsync<Filed, FiledHandler>(begun, file: file);
            await server.NotifyAsync(Filed.ChannelName, "1", "2", "3");
            var first = await begun.NextAsync();
            await WriteAsync(maxConcurrency: 2);
            await _log.Changed.NextAsync();
            first.End.SetResult();
            foreach (var call in await begun.NextAsync(2, seconds: 20))
                call.End.SetResult();

            Task WriteAsync(int maxConcurrency)
            {
                var settings = new { PgListener = new { Handlers = new { FiledHandler = new { MaxConcurrency = maxConcurrency } } } };
                return File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings), Cancellation);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task DrainTimeout_holds_for_the_next_stop()
    {
        var begun = new Received<Call>();
        await StartAsync<Drained, DrainedHandler>(begun, settings: [("PgListener:DrainTimeout", "1.00:00:00")]);
        await server.NotifyAsync(Drained.ChannelName, "1");
        var call = await begun.NextAsync();
        Set(("PgListener:DrainTimeout", "00:00:00"));
        await _host!.StopAsync(CancellationToken.None).SoonAsync(seconds: 15);
        Assert.True(call.Token.IsCancellationRequested);
    }

    private sealed record Drained : INotificationChannel<Drained>
    {
        public static string ChannelName { get; } = NewChannel("drained");

        public static Drained Parse(string payload) => new();
    }

    private sealed class DrainedHandler(Received<Call> begun) : HeldHandler<Drained>(begun);

    private sealed record Proven : INotificationChannel<Proven>
    {
        public static string ChannelName { get; } = NewChannel("proven");

        public static Proven Parse(string payload) => new();
    }

    // It holds nothing: many more are sent than a queue has room for.
    private sealed class ProvenHandler : INotificationHandler<Proven>
    {
        public Task HandleAsync(Notification<Proven> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task ProveDeliveryInterval_holds_for_the_present_connection()
    {
        await StartAsync<Proven, ProvenHandler>(new(), settings: [("PgListener:KeepAlive", "00:00:01"), ("PgListener:ProveDelivery", "false")]);
        var session = Session();
        var listener = _host!.Services.GetRequiredService<IPgListener>();
        Assert.Null(listener.Status.RoundTrip);
        Set(("PgListener:ProveDeliveryInterval", "00:00:01"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (listener.Status.RoundTrip is null)
        {
            Assert.False(limit.IsCancellationRequested, "Nothing was proven.");
            await server.NotifyAsync(Proven.ChannelName, "");
        }

        Assert.Equal(session, Session());
    }

    /// <summary>
    /// Asks something of a listener with a connection of its own, to which the server sends notifications in the same order: when
    /// it has one that was sent just now, so has the other one, as far as it reads.
    /// </summary>
    private async Task EmptyTheSocketAsync()
    {
        await using var dataSource = Npgsql.NpgsqlDataSource.Create(server.ConnectionString);
        await using var listener = dataSource.CreateListener();
        var (channel, received) = (NewChannel(), new Received<string>());
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        for (var i = 0; i < 3; i++)
        {
            await server.NotifyAsync(channel, "");
            await received.NextAsync();
        }
    }

    private int? Session() => _host!.Services.GetRequiredService<IPgListener>().Status.ProcessId;

    private void Set(params ReadOnlySpan<(string Key, string? Value)> settings)
    {
        var configuration = (IConfigurationRoot)_host!.Services.GetRequiredService<IConfiguration>();
        foreach (var (key, value) in settings)
            configuration[key] = value;
        configuration.Reload();
    }

    private async Task StartAsync<TChannel, THandler>(
        Received<Call> begun, Action<IServiceCollection>? configure = null, (string Key, string? Value)[]? settings = null, string? file = null)
        where TChannel : INotificationChannel<TChannel>
        where THandler : class, INotificationHandler<TChannel>
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:Postgres", server.ConnectionString), new("PgListener:DrainTimeout", "00:00:00")]);
        builder.Configuration.AddInMemoryCollection((settings ?? []).Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
        if (file is not null)
            builder.Configuration.AddJsonFile(file, optional: false, reloadOnChange: true);
        builder.Services.AddSingleton<ILoggerFactory>(_log).AddSingleton(begun);
        builder.Services.AddPgListener().AddHandler<TChannel, THandler>();
        configure?.Invoke(builder.Services);
        _host = builder.Build();
        await _host.StartAsync(Cancellation);
        await _host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).SoonAsync();
    }
}
