using PgListener;

namespace Chat;

/// <summary>A message: what the table has, what the notification carries, and what the clients get.</summary>
public sealed record ChatMessage(long Id, string Author, string Text, DateTimeOffset At) : IJsonNotificationChannel<ChatMessage>
{
    public static string ChannelName => "chat_message";
}
