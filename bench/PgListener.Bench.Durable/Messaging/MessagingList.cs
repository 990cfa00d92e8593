namespace PgListener.Bench;

/// <summary>All ways that are compared.</summary>
internal static class MessagingList
{
    public static IReadOnlyList<IMessaging> All { get; } =
    [
        new PgListenerMessaging(),
        new PgListenerMessaging { InTransaction = true },
        new PlainMessaging(),
        new SkipLockedMessaging(MessagingName.SkipLocked1000, batch: 1_000),
        new SkipLockedMessaging(MessagingName.SkipLocked100, batch: 100),
        new BareReadMessaging(),
        new WolverineMessaging(),
        new RebusMessaging(),
        new HangfireMessaging(),
        new HangfireMessaging { LongPolling = true },
    ];

    public static IMessaging Find(string name) => All.FirstOrDefault(messaging => messaging.Name == name) ?? throw new BenchException($"There is no consumer {name}.");

    /// <summary>How consumers are set up, as a list.</summary>
    public static string Configurations(IEnumerable<string> names)
        => string.Join(Environment.NewLine, names.Select(name => $"- `{name}`: {Find(name).Configuration}")) + Environment.NewLine;

    public static IConsumer CreateConsumer(string name, ConsumerSettings settings) => Find(name).CreateConsumer(settings);
}
