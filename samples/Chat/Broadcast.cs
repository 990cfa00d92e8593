using Microsoft.AspNetCore.SignalR;
using PgListener;

namespace Chat;

/// <summary>Passes what PostgreSQL says on to the clients of this instance.</summary>
internal sealed class Broadcast(IHubContext<ChatHub, IChatClient> hub) : INotificationHandler<ChatMessage>, IResyncHandler<ChatMessage>
{
    /// <summary>The token is cancelled by the handler's Timeout. SignalR then ends the connections of those who do not read, and all others are served again.</summary>
    public Task HandleAsync(Notification<ChatMessage> notification, CancellationToken cancellationToken)
        => hub.Clients.All.Posted(notification.Value, cancellationToken);

    /// <summary>
    /// This instance was deaf for a while, and its clients have noticed nothing: their connections are fine. So they are told.
    /// It comes after the last message before the gap and before the first one after it.
    /// </summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => hub.Clients.All.Missed(resync.Reason.ToString(), cancellationToken);
}
