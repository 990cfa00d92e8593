using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Relay;

/// <summary>The stream that the messages of this database go to. It has the database's own name, so that the messages of two databases are never taken for each other.</summary>
internal sealed class RelayStream(INatsJSContext jetStream, IConfiguration configuration)
{
    private readonly Lock _sync = new();
    private Task? _creation;

    /// <summary>The name of the stream, and the first part of its subjects.</summary>
    public string Name { get; } = configuration["Relay:Source"] ?? "shop";

    /// <summary>Creates the stream, unless it exists. Those who call it at the same time share an attempt, and after one that has failed there is another.</summary>
    public Task CreateIfMissingAsync()
    {
        lock (_sync)
            return _creation is null or { IsFaulted: true } or { IsCanceled: true } ? _creation = TryAsync() : _creation;
    }

    private async Task TryAsync()
    {
        try
        {
            await jetStream.GetStreamAsync(Name);
        }
        catch (NatsJSApiException e) when (e.Error.Code == 404)
        {
            // In files, and without a limit: what the stream forgets could come a second time.
            await jetStream.CreateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]));
        }
    }
}
