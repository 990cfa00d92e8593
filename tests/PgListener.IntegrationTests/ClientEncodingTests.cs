using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>An environment that asks for another client encoding, which Npgsql passes on to the server and does not heed itself. It is the process's, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class ClientEncodingTests(ServerFixture server)
{
    private const string Variable = "PGCLIENTENCODING";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_of_the_library_speak_utf8_all_the_same()
    {
        var channel = NewChannel() + "_größe";
        await using var ear = await Ear.OpenAsync(server, channel);
        var before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, "LATIN1");
        try
        {
            var received = new Received<string>();
            await using var listener = new Listener(server.ConnectionString);
            await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
            await listener.StartAsync(Cancellation).SoonAsync();
            listener.Listen();
            await using var publisher = new NotificationPublisher(server.ConnectionString);
            await publisher.PublishAsync(channel, "é", Cancellation);
            await publisher.PublishManyAsync(channel, ["ä", "😀"], Cancellation);
            Assert.Equal(["é", "ä", "😀"], await received.NextAsync(3, seconds: 20));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }

        // Only now, since it sends on a connection of the test's own.
        await ear.HeardAsync("é", "ä", "😀");
    }
}
