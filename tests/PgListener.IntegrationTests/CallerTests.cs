using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A callback that stops its own listener is not waited for. It is the caller of that run of that listener, and of no other.</summary>
public sealed class CallerTests(ServerFixture server)
{
    private const int Count = 11;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listener_that_is_disposed_of_in_a_callback_does_not_keep_another_from_finishing_what_is_queued()
    {
        var channel = NewChannel();
        var (done, entered) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(
            channel,
            async (context, token) =>
            {
                await using (var other = new Listener(server.ConnectionString))
                    await other.StartAsync(token);
                entered.TrySetResult();
                await release.Task;
                done.Add(context.Payload);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.Sender.NotifyRangeAsync(channel, 1, Count, cancellationToken: Cancellation);
        await entered.Task.SoonAsync();
        Assert.True(SpinWait.SpinUntil(() => listener.GetStatistics()[0].Queued == Count, TimeSpan.FromSeconds(20)));
        var stopped = listener.StopAsync(Cancellation);
        release.SetResult();
        await stopped.SoonAsync(30);
        Assert.Equal(Count, done.Waiting);
    }

    [Fact]
    public async Task A_callback_that_stops_its_own_listener_does_not_wait_for_itself_however_deep_it_is()
    {
        var channel = NewChannel();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(
            channel,
            async (_, _) =>
            {
                await using (var other = new Listener(server.ConnectionString))
                {
                    await other.StartAsync(Cancellation);
                    await Task.Run(() => listener.StopAsync(Cancellation), Cancellation);
                }

                stopped.SetResult();
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "stop");
        await stopped.Task.SoonAsync(10); // Well before the callback's own time to drain is over.
        Assert.Equal(ListenerState.Stopped, listener.State);
    }
}
