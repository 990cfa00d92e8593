using Microsoft.AspNetCore.SignalR;
using PgListener;

namespace Chat;

/// <summary>Passes what PostgreSQL says on to the clients of this instance.</summary>
internal sealed class Broadcast(IHubContext<ChatHub, IChatClient> hub) : INotificationHandler<ChatMessage>, IResyncHandler<ChatMessage>
{
    public Task HandleAsync(Notification<ChatMessage> notification, CancellationToken cancellationToken)
        => hub.Clients.All.Posted(notification.Value);

    /// <summary>
    /// This instance was deaf for a while, and its clients have noticed nothing: their connections are fine. So they are told.
    /// It comes after the last message before the gap and before the first one after it.
    /// </summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => hub.Clients.All.Missed(resync.Reason.ToString());
}
