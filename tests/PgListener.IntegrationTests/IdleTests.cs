using PgListener.TestServer;
using PgListener.UnitTests;

namespace PgListener.IntegrationTests;

/// <summary>What a listener does while nothing happens.</summary>
public sealed class IdleTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_wakes_the_process_but_the_question_whether_the_server_is_there()
    {
        var rung = 0;
        var time = new HookedTime(TimeProvider.System, () => Interlocked.Increment(ref rung));
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = new Listener(proxy.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1), ProveDeliveryInterval = null, TimeProvider = time });
        await listener.StartAsync(Cancellation).SoonAsync();
        await proxy.WhenAsync(_ => proxy.Connections == 1, Cancellation).SoonAsync(); // The one for the proof is closed.
        await NextQuestionAsync(); // What the start has set is over.
        var before = Volatile.Read(ref rung);
        for (var question = 0; question < 3; question++)
            await NextQuestionAsync();
        Assert.Equal(before, Volatile.Read(ref rung));

        async Task NextQuestionAsync()
        {
            var sent = proxy.FromClients;
            await proxy.WhenAsync(proxy => proxy.FromClients > sent, Cancellation).SoonAsync();
        }
    }
}
