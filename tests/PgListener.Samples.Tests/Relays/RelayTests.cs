using PgListener.TestServer;

namespace PgListener.Samples.Tests.Relays;

public sealed class RelayTests(Server server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Nothing_is_lost_or_doubled_and_each_key_keeps_its_order_while_the_relay_and_both_servers_are_killed()
    {
        SkipWithoutNats();
        Assert.SkipWhen(Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 }, "PGLISTENER_TEST_DB names a server, so there may be no other to kill.");

        var result = await RelayRun.RunAsync(messages: 4_000, kills: 2, TestContext.Current.SendDiagnosticMessage);

        Assert.Equal((4_000, 4_000), (result.Published, result.InStream));
        Assert.True(result.IsRight, result.ToString());
    }

    [Fact]
    public async Task What_comes_again_after_NATS_has_forgotten_its_id_is_not_stored_a_second_time()
    {
        SkipWithoutNats();
        await using var database = await server.CreateDatabaseAsync();
        await using var nats = await NatsServer.LaunchAsync();
        await using var stream = new RelayedStream(nats.Url);
        using (var relay = await StartAsync(database, nats))
        {
            await PublishAsync(database, 1, 10);
            await stream.WaitForAsync(10, Patience);
        }

        // The relay has lost its position, and the server starts with the ids of its last 100 milliseconds.
        Assert.Equal(TimeSpan.FromMinutes(2), await stream.GetWindowAsync());
        await stream.ForgetIdsSoonAsync();
        await nats.KillAsync();
        await nats.StartAsync();
        await database.ExecuteAsync("delete from pglistener.position; delete from pglistener.subscription");
        using var again = await StartAsync(database, nats);
        await again.ReadUntilAsync("is in the stream already");
        await PublishAsync(database, 11, 11);
        await stream.WaitForAsync(11, Patience);

        var messages = await stream.ReadAsync();
        Assert.Equal(Enumerable.Range(1, 11), messages.Select(message => message.Read().Number));
        Assert.All(messages, message => Assert.Matches("^shop[.]order_placed[.][0-9]+-[0-9]+$", message.Subject));
        Assert.Equal(messages.Select(message => message.Subject), messages.Select(message => message.Id));
    }

    private static void SkipWithoutNats()
    {
        Assert.SkipWhen(NatsServer.Executable is null, "nats-server is not installed.");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no signal that asks a process to end.");
    }

    private static async Task<SampleProcess> StartAsync(Database database, NatsServer nats)
    {
        var relay = SampleProcess.Start("Relay", database.ConnectionString, "--Nats", nats.Url);
        await relay.ReadUntilAsync("Coordinating 1 subscription");
        return relay;
    }

    private static Task PublishAsync(Database database, int first, int last)
        => database.ExecuteAsync($$"""
            select pglistener.publish('order_placed', format('{"key":"one","number":%s}', i), 'one') from generate_series({{first}}, {{last}}) i
            """);
}
