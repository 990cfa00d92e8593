using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Relay;

/// <summary>The stream that the messages of this database go to. It has the database's own name, so that the messages of two databases are never taken for each other.</summary>
internal sealed class RelayStream(INatsJSContext jetStream, IConfiguration configuration)
{
    private volatile bool _isThere;

    /// <summary>The name of the stream, and the first part of its subjects.</summary>
    public string Name { get; } = configuration["Relay:Source"] ?? "shop";

    /// <summary>Creates the stream, unless somebody has done so with settings of their own.</summary>
    public async Task CreateIfMissingAsync(CancellationToken cancellationToken)
    {
        if (_isThere)
            return;
        try
        {
            await jetStream.GetStreamAsync(Name, cancellationToken: cancellationToken);
        }
        catch (NatsJSApiException e) when (e.Error.Code == 404)
        {
            // In files, and without a limit: what the stream forgets could come a second time.
            await jetStream.CreateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]), cancellationToken);
        }

        _isThere = true;
    }
}
