using NATS.Client.JetStream;
using PgListener;

namespace Relay;

/// <summary>Forwards each message to JetStream. If that fails, the message is attempted again until it succeeds, and those behind it wait.</summary>
internal sealed partial class RelayHandler(INatsJSContext jetStream, RelayStream stream, ILogger<RelayHandler> logger) : INotificationHandler<OrderPlaced>
{
    /// <summary>NATS' code for "wrong last sequence".</summary>
    private const int SubjectIsTaken = 10071;

    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        await stream.CreateIfMissingAsync(cancellationToken);

        // With the time, because a restored backup gives numbers again.
        var message = notification.Message!;
        var id = $"{stream.Name}.{OrderPlaced.ChannelName}.{message.Id}-{message.PublishedAt.UtcTicks}";

        // The id is also the subject, and a second message on it is refused. NATS forgets ids after two minutes, but never what is in the stream.
        var ack = await jetStream.PublishAsync(
            subject: id,
            data: notification.Value.Payload,
            opts: new() { MsgId = id, ExpectedLastSubjectSequence = 0 },
            cancellationToken: cancellationToken);
        if (ack.Duplicate || ack.Error?.ErrCode == SubjectIsTaken)
            AlreadyThere(id);
        else
            ack.EnsureSuccess();
    }

    [LoggerMessage(1, LogLevel.Information, "{Id} is in the stream already.")]
    private partial void AlreadyThere(string id);
}
