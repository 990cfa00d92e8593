using Microsoft.AspNetCore.SignalR;
using PgListener;

namespace Chat;

/// <summary>Passes notifications on to the clients of this instance.</summary>
internal sealed class Broadcast(IHubContext<ChatHub, IChatClient> hub) : INotificationHandler<ChatMessage>, IResyncHandler<ChatMessage>
{
    public Task HandleAsync(Notification<ChatMessage> notification, CancellationToken cancellationToken)
        => hub.Clients.All.Posted(notification.Value);

    /// <summary>
    /// Notifications did not arrive for a while. The clients' own connections were not affected, so they are told.
    /// It comes after the last message before the gap and before the first one after it.
    /// </summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => hub.Clients.All.Missed(resync.Reason.ToString());
}
