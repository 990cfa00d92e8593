using PgListener;

namespace Chat;

/// <summary>A message, as it is in the table, in the notification, and at the clients.</summary>
public sealed record ChatMessage(long Id, string Author, string Text, DateTimeOffset At) : IJsonNotificationChannel<ChatMessage>
{
    public static string ChannelName => "chat_message";
}
