using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using PgListener;

namespace Relay;

/// <summary>Forwards each message to JetStream. If that fails, the message is attempted again until it succeeds, and those behind it wait.</summary>
internal sealed partial class RelayHandler(INatsJSContext jetStream, RelayStream stream, ILogger<RelayHandler> logger) : INotificationHandler<OrderPlaced>
{
    /// <summary>NATS' code for "wrong last sequence".</summary>
    private const int SubjectIsTaken = 10071;

    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        // With the time, because a restored backup gives numbers again.
        var message = notification.Message!;
        var id = $"{stream.Name}.{OrderPlaced.ChannelName}.{message.Id}-{message.PublishedAt.UtcTicks}";

        var ack = await PublishAsync(id, notification.Value.Payload, cancellationToken);
        if (ack.Duplicate || ack.Error?.ErrCode == SubjectIsTaken)
            AlreadyThere(id);
        else
            ack.EnsureSuccess();
    }

    private async Task<PubAckResponse> PublishAsync(string id, string payload, CancellationToken cancellationToken)
    {
        try
        {
            // The id is also the subject, and a second message on it is refused. NATS forgets ids after two minutes, but never what is in the stream.
            await stream.CreateIfMissingAsync();
            return await jetStream.PublishAsync(id, payload, opts: new() { MsgId = id, ExpectedLastSubjectSequence = 0 }, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"NATS at {jetStream.Connection.Opts.Url} has not confirmed {id}.", e);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Id} is in the stream already.")]
    private partial void AlreadyThere(string id);
}
