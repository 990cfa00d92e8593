using Microsoft.AspNetCore.SignalR;

namespace Chat;

/// <summary>What clients are told.</summary>
public interface IChatClient
{
    Task Posted(ChatMessage message);

    /// <summary>Messages may have been missed: ask for <see cref="ChatHub.Latest"/>.</summary>
    Task Missed(string reason);
}

/// <summary>What clients may ask. It sends nothing to anyone: that is left to <see cref="Broadcast"/>, here and in the other instances.</summary>
public sealed class ChatHub(ChatStore store) : Hub<IChatClient>
{
    public Task Post(string author, string text)
    {
        // Also keeps the notification far below the 8000 bytes that PostgreSQL allows.
        if (!IsLine(author, 40) || !IsLine(text, 500))
            throw new HubException("The name must have 1 to 40 characters and the text 1 to 500, on one line.");
        return store.PostAsync(author, text, Context.ConnectionAborted);
    }

    /// <summary>The latest messages, oldest first. A client asks when it has connected, and when it was told that it missed some.</summary>
    public Task<IReadOnlyList<ChatMessage>> Latest() => store.LatestAsync(Context.ConnectionAborted);

    private static bool IsLine(string? value, int length)
        => !string.IsNullOrWhiteSpace(value) && value.Length <= length && !value.Any(char.IsControl);
}
