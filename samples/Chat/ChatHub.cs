using Microsoft.AspNetCore.SignalR;

namespace Chat;

/// <summary>The calls to clients.</summary>
public interface IChatClient
{
    Task Posted(ChatMessage message);

    /// <summary>Messages may have been missed: ask for <see cref="ChatHub.Latest"/>.</summary>
    Task Missed(string reason);
}

/// <summary>The calls of clients. The hub sends nothing to clients; <see cref="Broadcast"/> does that, in this and in the other instances.</summary>
public sealed class ChatHub(ChatStore store) : Hub<IChatClient>
{
    public Task Post(string author, string text)
    {
        // Also keeps the notification far below the 8000 bytes that PostgreSQL allows.
        if (!IsLine(author, 40) || !IsLine(text, 500))
            throw new HubException("The name must have 1 to 40 characters and the text 1 to 500, on one line.");
        return store.PostAsync(author, text, Context.ConnectionAborted);
    }

    /// <summary>The latest messages, oldest first. A client calls it after connecting, and when it is told that it may have missed some.</summary>
    public Task<IReadOnlyList<ChatMessage>> Latest() => store.LatestAsync(Context.ConnectionAborted);

    private static bool IsLine(string? value, int length)
        => !string.IsNullOrWhiteSpace(value) && value.Length <= length && !value.Any(char.IsControl);
}
