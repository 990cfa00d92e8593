using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A handler that ignores the token that its time limit has cancelled is seen everywhere until its call ends.</summary>
public sealed class HangingHandlerTests(ServerFixture server) : IDisposable
{
    private readonly string _channel = NewChannel();
    private readonly ListenerLog _log = new();
    private readonly Received<string> _entered = new();
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _release.TrySetResult();
        _log.Dispose();
    }

    [Fact]
    public async Task It_is_logged_and_counted_and_degrades_until_it_ends_and_its_notifications_follow()
    {
        await using var host = Host();
        await host.StartListeningAsync();
        var quick = new Received<string>();
        await using var hanging = await SubscribeAsync(host.Listener);
        await using var other = await host.Listener.SubscribeAsync(_channel, quick.Payloads(), new() { Name = "Quick one" }, Cancellation);
        await server.NotifyAsync(_channel, "hang", "next");
        Assert.Equal("hang", await _entered.NextAsync());
        await _log.Hangs.NextAsync();
        Assert.Equal(["hang", "next"], await quick.NextAsync(2, seconds: 20));
        Assert.Equal(1, Statistics("Hanging one").Hanging);
        Assert.Equal(0, Statistics("Quick one").Hanging);
        var report = await CheckAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.StartsWith("Hanging one (running since ", Assert.IsType<string>(report.Entries["pglistener"].Data["hangingHandlers"]), StringComparison.Ordinal);

        _release.SetResult();
        await _log.HangsNoMore.NextAsync();
        Assert.Equal("next", await _entered.NextAsync());
        Assert.Equal((0, null), (Statistics("Hanging one").Hanging, Statistics("Hanging one").HangingSince));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        SubscriptionStatistics Statistics(string name) => host.Listener.GetStatistics().Single(one => one.Name == name);

        Task<HealthReport> CheckAsync() => host.Host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
    }

    [Fact]
    public async Task A_stop_meanwhile_leaves_it_behind_as_ever_and_the_next_run_begins_without_it()
    {
        await using var listener = new Listener(server.ConnectionString, new() { LoggerFactory = _log, DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(_channel, HangAsync, new() { Name = "Hanging one", Timeout = TimeSpan.FromMilliseconds(50) }, Cancellation);
        await server.NotifyAsync(_channel, "hang");
        Assert.Equal("hang", await _entered.NextAsync());
        await _log.Hangs.NextAsync();
        await listener.StopAsync(Cancellation).SoonAsync();
        await _log.LeftBehind.NextAsync();
        Assert.Equal(1, Assert.Single(listener.GetStatistics()).Hanging);

        await listener.StartAsync(Cancellation);
        listener.Listen();
        Assert.Equal(0, Assert.Single(listener.GetStatistics()).Hanging);
        await server.NotifyAsync(_channel, "of the next run");
        Assert.Equal("of the next run", await _entered.NextAsync());
        _release.SetResult();
        await _log.HangsNoMore.NextAsync();
    }

    private TestHost Host()
    {
        var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton<ILoggerFactory>(_log);
        host.Services.AddPgListener();
        host.Services.AddHealthChecks().AddPgListener();
        return host;
    }

    private Task<ListenerSubscription> SubscribeAsync(IPgListener listener)
        => listener.SubscribeAsync(_channel, HangAsync, new() { Name = "Hanging one", Timeout = TimeSpan.FromMilliseconds(50) }, Cancellation);

    private async Task HangAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        _entered.Add(context.Payload);
        if (context.Payload == "hang")
            await _release.Task;
    }
}
