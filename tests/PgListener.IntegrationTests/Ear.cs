namespace PgListener.IntegrationTests;

/// <summary>Listens to one channel, as the reader of what a test publishes.</summary>
internal sealed class Ear : IAsyncDisposable
{
    private readonly ServerFixture _server;
    private readonly Listener _listener;
    private readonly string _channel;
    private readonly Received<string> _received = new();

    private Ear(ServerFixture server, string channel)
    {
        _server = server;
        _channel = channel;
        _listener = new(server.ConnectionString);
    }

    public static async Task<Ear> OpenAsync(ServerFixture server, string channel)
    {
        var ear = new Ear(server, channel);
        await ear._listener.AddCallbackAsync(channel, ear._received.Payloads(), TestContext.Current.CancellationToken);
        await ear._listener.StartAsync(TestContext.Current.CancellationToken);
        ear._listener.Listen();
        return ear;
    }

    public Task<string> NextAsync() => _received.NextAsync();

    /// <summary>These are all that was sent: what is sent now comes right after them.</summary>
    public async Task HeardAsync(params string[] payloads)
    {
        const string Last = "that is all";
        await _server.NotifyAsync(_channel, Last);
        var heard = new List<string>();
        while (await NextAsync() is var payload && payload != Last)
            heard.Add(payload);
        Assert.Equal(payloads, heard);
    }

    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
