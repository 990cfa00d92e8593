using System.Globalization;
using System.Net.Mail;
using PgListener;

namespace Worker;

/// <summary>A queue of jobs. A notification on its channel, which has the same name, only says that there is work.</summary>
internal interface IJobQueue
{
    /// <summary>How many jobs one worker does at a time.</summary>
    static abstract int Parallelism { get; }

    static abstract string Work(string text);
}

internal readonly record struct Mails(string JobId) : INotificationChannel<Mails>, IJobQueue
{
    public static string ChannelName => "mails";

    public static int Parallelism => 4;

    public static Mails Parse(string payload) => new(payload);

    public static string Work(string text) => $"sent to {new MailAddress(text).Address}";
}

internal readonly record struct Reports(string JobId) : INotificationChannel<Reports>, IJobQueue
{
    public static string ChannelName => "reports";

    public static int Parallelism => 1;

    public static Reports Parse(string payload) => new(payload);

    public static string Work(string text) => string.Create(CultureInfo.InvariantCulture, $"{text} has {text.Length} letters");
}
