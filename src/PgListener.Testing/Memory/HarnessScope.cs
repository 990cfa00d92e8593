using PgListener.Registration;
using PgListener.Subscriptions;

namespace PgListener.Testing.Memory;

/// <summary>The listeners that a harness includes: all listeners of an application, or one of them.</summary>
/// <param name="Server">The server that all listeners share.</param>
/// <param name="Log">The calls of all of them.</param>
/// <param name="All">All listeners.</param>
/// <param name="Listener">The name of the one listener; <see langword="null"/> for all.</param>
internal sealed record HarnessScope(MemoryServer Server, CallLog Log, Func<IReadOnlyCollection<ListenerRegistration>> All, string? Listener = null)
{
    public IReadOnlyCollection<ListenerRegistration> Registrations => [.. All().Where(registration => Includes(registration.Name))];

    public IReadOnlyList<MemoryLine> Lines => [.. Registrations.Select(registration => Server.LineOf(registration.Name))];

    public HandlerCall[] Calls => [.. Log.Calls.Where(call => Includes(call.Listener))];

    public HandlerCall[] Failures => [.. Calls.Where(call => call.Exception is not null)];

    public Notification[] Published => [.. Server.Published.Where(published => Includes(published.Listener)).Select(published => published.Notification)];

    /// <summary>The handlers and callbacks of all channels.</summary>
    private IEnumerable<(string Listener, Subscription Subscription)> Subscriptions
        => Lines.SelectMany(line => line.Parts?.Channels.All ?? [], (line, subscription) => (line.Listener, Subscription: subscription)).Where(entry => !entry.Subscription.IsReader);

    /// <summary>The names of a channel on the listeners, and at the server, with the prefix of each listener.</summary>
    /// <param name="channelOf">Gets the name that the channel has on a listener.</param>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    public IReadOnlyList<(string Channel, string ServerName)> ServerNamesOf(Func<ListenerRegistration, string> channelOf)
        => [.. Registrations.Select(registration => (Channel: channelOf(registration), Prefix: Server.LineOf(registration.Name).Parts?.Options.Current.ChannelPrefix ?? ""))
            .Select(name => (name.Channel, ServerName: ChannelName.WithPrefix(name.Prefix, name.Channel))).DistinctBy(name => name.ServerName, StringComparer.Ordinal)];

    /// <summary>The notifications that the application has published on a channel.</summary>
    /// <param name="channelOf">Gets the name that the channel has on a listener.</param>
    public IEnumerable<Notification> PublishedOn(Func<ListenerRegistration, string> channelOf)
    {
        var channels = Registrations.ToDictionary(registration => registration.Name, channelOf, StringComparer.Ordinal);
        return Server.Published.Where(published => channels.TryGetValue(published.Listener, out var channel) && channel == published.Notification.Channel).Select(published => published.Notification);
    }

    public bool Includes(string listener) => Listener is null || Listener == listener;

    /// <summary>Gets the scope of one listener of the application.</summary>
    /// <exception cref="ArgumentException">There is no such listener.</exception>
    public HarnessScope Of(string listenerName)
    {
        var all = All();
        if (all.Any(registration => registration.Name == listenerName))
            return this with { Listener = listenerName };

        var names = string.Join(", ", all.Select(registration => registration.Name.Length == 0 ? "the one without a name" : $"'{registration.Name}'"));
        throw new ArgumentException($"There is no listener '{listenerName}'. The application has {(names.Length == 0 ? "none: add one with AddPgListener()" : names)}.", nameof(listenerName));
    }

    /// <exception cref="InvalidOperationException">No listener is started.</exception>
    public void ThrowIfNotStarted()
    {
        var lines = Lines;
        if (lines.Count == 0)
            throw new InvalidOperationException("The application has no listener. Add one with AddPgListener().");
        if (!lines.Any(line => line.IsStarted))
            throw new InvalidOperationException("No listener is started. Start the host first, with StartAsync; a WebApplicationFactory starts it with CreateClient.");
    }

    /// <summary>The handlers and callbacks of a channel; for gaps, those to which gaps are announced.</summary>
    /// <param name="channelOf">Gets the name that the channel has on a listener.</param>
    /// <param name="gap">The reason of the gaps; <see langword="null"/> for notifications.</param>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public CallSubject[] SubjectsOf(Func<ListenerRegistration, string> channelOf, ResyncReason? gap)
    {
        var channelNames = Registrations.ToDictionary(registration => registration.Name, channelOf, StringComparer.Ordinal);
        var subscriptions = Subscriptions.ToArray();
        CallSubject[] subjects =
        [
            .. subscriptions.Where(entry => entry.Subscription.Channel == channelNames[entry.Listener] && (gap is null || entry.Subscription.HearsGaps))
                .Select(entry => new CallSubject(entry.Listener, channelNames[entry.Listener], entry.Subscription.Key.Name, entry.Subscription.Counters, gap)),
        ];
        if (subjects.Length > 0)
            return subjects;

        ThrowIfNotStarted();
        var name = string.Join("' or '", channelNames.Values.Distinct(StringComparer.Ordinal));
        var channels = subscriptions.Select(entry => entry.Subscription.Channel).Distinct(StringComparer.Ordinal).ToArray();
        throw new InvalidOperationException(
            gap is not null && channels.Any(channel => channelNames.ContainsValue(channel!))
                ? $"No handler or callback of channel '{name}' receives gaps. Implement IResyncHandler on the handler, or set {nameof(SubscriptionOptions.OnResync)} of the callback."
                : $"No handler or callback is subscribed to channel '{name}'; readers of streams do not count. There are handlers or callbacks for: {(channels.Length == 0 ? "no channel" : string.Join(", ", channels))}. Add one with AddHandler or AddChannel.");
    }

    /// <summary>The handlers of a channel with a given class.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public CallSubject[] SubjectsOf<TChannel, THandler>()
        where TChannel : INotificationChannel<TChannel>
    {
        var handlers = Registrations.SelectMany(registration => registration.Handlers, (registration, handler) => (Listener: registration.Name, Channel: registration.ChannelNameOf<TChannel>(), Handler: handler))
            .Where(entry => entry.Handler.Key.Channel == typeof(TChannel)).ToArray();
        var ofClass = handlers.Where(entry => entry.Handler.Type == typeof(THandler)).Select(entry => (entry.Listener, entry.Channel, entry.Handler.Name)).ToHashSet();
        CallSubject[] subjects =
        [
            .. Subscriptions.Where(entry => ofClass.Contains((entry.Listener, entry.Subscription.Channel!, entry.Subscription.Key.Name)))
                .Select(entry => new CallSubject(entry.Listener, entry.Subscription.Channel!, entry.Subscription.Key.Name, entry.Subscription.Counters, Gap: null)),
        ];
        if (subjects.Length > 0)
            return subjects;
        if (ofClass.Count > 0)
            ThrowIfNotStarted();

        var names = string.Join(", ", handlers.Select(entry => entry.Handler.Name).Distinct(StringComparer.Ordinal));
        throw new InvalidOperationException(
            $"{typeof(THandler).Name} is not a handler of {typeof(TChannel).Name}. {(names.Length == 0 ? "It has none" : $"Its handlers are: {names}")}. Add it with AddHandler<{typeof(TChannel).Name}, {typeof(THandler).Name}>().");
    }

    /// <summary>Waits for calls.</summary>
    /// <param name="wait">The calls.</param>
    /// <param name="what">What the calls are for, in the plural, for the message.</param>
    /// <param name="limit">How long to wait, by the system's clock.</param>
    /// <exception cref="TimeoutException">The calls have not ended within the limit.</exception>
    public async Task WaitAsync(CallWait wait, string what, TimeSpan limit)
    {
        if (await Log.WaitAsync(wait, limit).ConfigureAwait(false))
            return;

        var channels = wait.Subjects.Select(subject => subject.Channel).Distinct(StringComparer.Ordinal).ToArray();
        var late = wait.Subjects.Select(subject => (subject.Handler, Count: Log.CountOf(subject))).Where(subject => subject.Count < wait.Count);
        var report = new HarnessReport(
            $"Within {HarnessReport.Text(limit)}, {string.Join(" and ", late.Select(subject => $"{subject.Handler} has handled {subject.Count} of {wait.Count}"))} {what} on channel '{string.Join("' or '", channels)}'.");
        foreach (var line in Lines)
            report.WithSubscriptions(line, channels, Log).WithState(line);
        var failures = Failures;
        throw new TimeoutException(
            report.WithFailures(failures).WithPublished(Published).ToString(),
            failures.Length == 0 ? null : new AggregateException(failures.Select(call => call.Exception!)));
    }
}
