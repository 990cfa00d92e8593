using PgListener.Publishing;
using PgListener.Registration;
using PgListener.Telemetry;
using PgListener.Testing.Memory;

namespace PgListener.Testing;

/// <summary>
/// Tests an application without a server: sends notifications to its listeners, waits for its handlers, and records what it publishes. Get it
/// from the services of an application after adding it with <c>AddPgListenerHarness</c>.
/// </summary>
/// <remarks>
/// <para>
/// Only the connection and the server are replaced, by an in-memory server that all listeners and publishers of the application share. Handlers, scopes,
/// queues, time limits, payloads, settings, streams and health checks are the application's own. All members may be used from several threads at a time.
/// </para>
/// <para>
/// There are no transactions: what is published on a connection or transaction of the caller is sent at once, and a rollback does not undo
/// it. There are no triggers and no other applications either; use <see cref="PublishAsync{TChannel}"/> for what they send.
/// </para>
/// <para>
/// Every wait has a limit by the system's clock, 10 seconds by default. The application may use a fake clock. It need not be advanced
/// for the harness, only for what the application itself waits for, such as the time limit of a handler.
/// </para>
/// </remarks>
public sealed class PgListenerHarness
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestLimit = TimeSpan.FromDays(1);

    private readonly HarnessScope _scope;
    private readonly int _processId;

    internal PgListenerHarness(HarnessScope scope)
    {
        _scope = scope;
        _processId = scope.Server.NextProcessId();
    }

    /// <summary>The calls of handlers and callbacks that have ended, for notifications and for gaps, in the order in which they ended.</summary>
    public IReadOnlyList<HandlerCall> Calls => _scope.Calls;

    /// <summary>The calls among <see cref="Calls"/> that have failed.</summary>
    public IReadOnlyList<HandlerCall> Failures => _scope.Failures;

    /// <summary>Gets a harness for one listener and its publisher. Without this, all listeners of the application are included.</summary>
    /// <param name="listenerName">The listener's name; empty for the one without a name.</param>
    /// <returns>A harness with the same server. What it publishes still reaches all listeners.</returns>
    /// <exception cref="ArgumentException">There is no such listener; the message names the existing ones.</exception>
    public PgListenerHarness For(string listenerName)
    {
        ArgumentNullException.ThrowIfNull(listenerName);
        return new(_scope.Of(listenerName));
    }

    /// <summary>The values that the application has published on a channel with <see cref="INotificationPublisher"/>, in order.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <returns>The values, each read from the payload as a listener would read it.</returns>
    /// <inheritdoc cref="Published()" path="/remarks"/>
    public IReadOnlyList<TChannel> Published<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => [.. _scope.PublishedOn(static listener => listener.ChannelNameOf<TChannel>()).Select(notification => TChannel.Parse(TraceContext.Extract(notification.Payload, out _)))];

    /// <summary>The notifications that the application has published on all channels with <see cref="INotificationPublisher"/>, in order.</summary>
    /// <returns>The notifications as they were sent, without those that <see cref="PublishAsync{TChannel}"/> has sent.</returns>
    /// <remarks>Identical notifications of one publish are all included, although only one of them is sent.</remarks>
    public IReadOnlyList<Notification> Published() => _scope.Published;

    /// <summary>Sends a notification, as if another process had committed it.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="value">The value, written as the channel writes it.</param>
    /// <returns>A task that completes when it was sent. A full queue may delay its delivery to handlers.</returns>
    /// <remarks>
    /// It reaches every handler, callback and reader that has subscribed before. A listener that was just started is waited for; one that is stopped, or was
    /// disconnected with <see cref="DisconnectAsync"/>, misses it.
    /// </remarks>
    /// <exception cref="ArgumentException">The channel's name is not valid, or PostgreSQL would refuse the payload.</exception>
    /// <exception cref="NotSupportedException">The channel does not implement <c>Format</c>. Use <see cref="PublishAsync(string, string)"/>, which takes the payload as text.</exception>
    /// <exception cref="InvalidOperationException">No listener is started.</exception>
    public Task PublishAsync<TChannel>(TChannel value)
        where TChannel : INotificationChannel<TChannel>
        => SendAsync(new ValuesRequest<TChannel>(value, null, null), static listener => listener.ChannelNameOf<TChannel>());

    /// <summary>Sends notifications, as if another process had committed them in one transaction: identical ones are merged.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="values">The values.</param>
    /// <inheritdoc cref="PublishAsync{TChannel}"/>
    public Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values)
        where TChannel : INotificationChannel<TChannel>
        => SendAsync(new ValuesRequest<TChannel>(values, null, null), static listener => listener.ChannelNameOf<TChannel>());

    /// <summary>Sends a notification as text, for example one that the application cannot read.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL.</param>
    /// <inheritdoc cref="PublishAsync{TChannel}"/>
    public Task PublishAsync(string channel, string payload) => SendAsync(new TextRequest(channel, payload, null, null), _ => channel);

    /// <summary>Waits until every handler of a channel has handled a number of notifications.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="count">How many calls of each handler must have ended, counted from the start or the last <see cref="Clear"/>.</param>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <param name="allowFailures">Whether failed calls count as any other. The default is <see langword="false"/>: if one of the first <paramref name="count"/> calls of a handler fails, the wait ends at once with its exception.</param>
    /// <returns>A task that completes when the calls have ended, and were logged and measured.</returns>
    /// <remarks>
    /// Each handler and callback that is subscribed to the channel at the time of the call has a count of its own, and all of them must reach it. Readers of
    /// streams do not count. The result does not depend on when this is called: it may be called after the handlers have ended.
    /// </remarks>
    /// <exception cref="TimeoutException">The calls have not ended within the limit; the message says what was received, handled, failed, queued, dropped and replaced, and the inner exception has the failures. Also if a handler's own time limit has cancelled it.</exception>
    /// <exception cref="Exception">A handler has thrown it.</exception>
    /// <exception cref="ListenerException">A payload could not be read.</exception>
    /// <exception cref="InvalidOperationException">Nothing is subscribed to the channel.</exception>
    public Task WhenHandledAsync<TChannel>(int count = 1, TimeSpan? limit = null, bool allowFailures = false)
        where TChannel : INotificationChannel<TChannel>
        => WhenHandledAsync(static listener => listener.ChannelNameOf<TChannel>(), count, limit, allowFailures);

    /// <summary>Waits until one handler has handled a number of notifications of a channel.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <typeparam name="THandler">The class that was added with <c>AddHandler</c>, even if it was decorated or replaced since.</typeparam>
    /// <inheritdoc cref="WhenHandledAsync{TChannel}"/>
    /// <exception cref="InvalidOperationException">The class is not a handler of the channel.</exception>
    public Task WhenHandledAsync<TChannel, THandler>(int count = 1, TimeSpan? limit = null, bool allowFailures = false)
        where TChannel : INotificationChannel<TChannel>
        where THandler : class, INotificationHandler<TChannel>
        => _scope.WaitAsync(new(_scope.SubjectsOf<TChannel, THandler>(), CheckCount(count), allowFailures), "notifications", CheckLimit(limit));

    /// <summary>Waits until every handler and callback of a channel has handled a number of notifications.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="count">How many calls of each must have ended, counted from the start or the last <see cref="Clear"/>.</param>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <param name="allowFailures">Whether failed calls count as any other. The default is <see langword="false"/>: the first of these calls that fails ends the wait with its exception.</param>
    /// <inheritdoc cref="WhenHandledAsync{TChannel}"/>
    public Task WhenHandledAsync(string channel, int count = 1, TimeSpan? limit = null, bool allowFailures = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return WhenHandledAsync(_ => channel, count, limit, allowFailures);
    }

    /// <summary>Waits until a gap was announced to every handler and callback of a channel that receives gaps: the calls of <see cref="IResyncHandler{TChannel}.ResyncAsync"/> and <c>OnResync</c> have ended.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="reason">The reason of the gaps to count. The default is <see cref="ResyncReason.Reconnected"/>, the reason of <see cref="AnnounceGapAsync"/>; <see cref="ResyncReason.Started"/> is that of the start.</param>
    /// <param name="count">How many calls of each must have ended, counted from the start or the last <see cref="Clear"/>. A failed call is repeated, and then counts again.</param>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <param name="allowFailures">Whether failed calls count as any other. The default is <see langword="false"/>: the first of these calls that fails ends the wait with its exception.</param>
    /// <returns>A task that completes when the calls have ended. When it fails, the pause before the next attempt has begun, so a test can advance a fake clock.</returns>
    /// <exception cref="TimeoutException">The calls have not ended within the limit, or a handler's own time limit has cancelled it.</exception>
    /// <exception cref="Exception">A handler has thrown it.</exception>
    /// <exception cref="InvalidOperationException">No handler or callback of the channel receives gaps.</exception>
    public Task WhenResyncedAsync<TChannel>(ResyncReason reason = ResyncReason.Reconnected, int count = 1, TimeSpan? limit = null, bool allowFailures = false)
        where TChannel : INotificationChannel<TChannel>
        => _scope.WaitAsync(new(_scope.SubjectsOf(static listener => listener.ChannelNameOf<TChannel>(), reason), CheckCount(count), allowFailures), $"gaps ({reason})", CheckLimit(limit));

    /// <summary>Ends the connection of each listener, which connects again at once. The gap is announced to each handler after what was sent before, and ahead of what is sent afterwards.</summary>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <returns>A task that completes when all listeners listen again. To wait for the handlers, call <see cref="WhenResyncedAsync"/>.</returns>
    /// <exception cref="InvalidOperationException">A listener is not started, or disconnected.</exception>
    /// <exception cref="TimeoutException">A listener does not listen within the limit. While a full queue pauses reading, it does not notice the loss.</exception>
    public async Task AnnounceGapAsync(TimeSpan? limit = null)
    {
        var wait = CheckLimit(limit);
        _scope.ThrowIfNotStarted();
        var lines = _scope.Lines;
        if (lines.FirstOrDefault(line => line.IsDown) is not null)
            throw new InvalidOperationException($"The server is already disconnected. Call {nameof(ReconnectAsync)}, after which the gap is announced.");

        await WhenListeningAsync(lines, wait).ConfigureAwait(false);
        foreach (var line in lines)
            line.Cut(stayDown: false);
        await WhenListeningAsync(lines, wait).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes the server unreachable until <see cref="ReconnectAsync"/>: listeners cannot reconnect, the application's publishers throw a transient
    /// <see cref="Npgsql.NpgsqlException"/>, and what is sent with <see cref="PublishAsync{TChannel}"/> is missed.
    /// </summary>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <returns>A task that completes when the started listeners are in the state <see cref="ListenerState.Reconnecting"/>, or still <see cref="ListenerState.Connecting"/>. What was sent before is delivered first.</returns>
    /// <remarks>If it is called before the host's start, the host starts without a server.</remarks>
    /// <exception cref="TimeoutException">A listener has not lost its connection within the limit. While a full queue pauses reading, it does not notice the loss.</exception>
    public async Task DisconnectAsync(TimeSpan? limit = null)
    {
        var wait = CheckLimit(limit);
        var lines = _scope.Lines;
        await WhenListeningAsync([.. lines.Where(line => !line.IsDown)], wait).ConfigureAwait(false);
        foreach (var line in lines)
            line.Cut(stayDown: true);
        foreach (var line in lines)
            await InTimeAsync(line, line.WhenLostAsync(), wait, "has not lost its connection").ConfigureAwait(false);
    }

    /// <summary>Makes the server reachable again. The gap is announced to each handler.</summary>
    /// <param name="limit">How long to wait, by the system's clock: more than zero, at most a day. The default is 10 seconds.</param>
    /// <returns>A task that completes when the started listeners listen.</returns>
    /// <exception cref="TimeoutException">A listener does not listen within the limit.</exception>
    public async Task ReconnectAsync(TimeSpan? limit = null)
    {
        var wait = CheckLimit(limit);
        var lines = _scope.Lines;
        foreach (var line in lines)
            line.Repair();
        await WhenListeningAsync(lines, wait).ConfigureAwait(false);
    }

    /// <summary>Removes the recorded calls and published notifications, so that counts begin at zero, for tests that share an application. A call that is queued or in progress counts when it ends.</summary>
    public void Clear()
    {
        _scope.Log.Forget(_scope.Includes);
        _scope.Server.Forget(_scope.Includes);
    }

    private Task WhenHandledAsync(Func<ListenerRegistration, string> channelOf, int count, TimeSpan? limit, bool allowFailures)
        => _scope.WaitAsync(new(_scope.SubjectsOf(channelOf, gap: null), CheckCount(count), allowFailures), "notifications", CheckLimit(limit));

    private static int CheckCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return count;
    }

    private static TimeSpan CheckLimit(TimeSpan? limit)
    {
        if (limit is not { } given)
            return DefaultLimit;
        if (given <= TimeSpan.Zero || given > LongestLimit)
            throw new ArgumentOutOfRangeException(nameof(limit), given, $"The limit must be more than zero and at most {LongestLimit.TotalDays:0} day.");
        return given;
    }

    private async Task SendAsync(PublishRequest request, Func<ListenerRegistration, string> channelOf)
    {
        Outgoing[][] transactions = [.. _scope.ServerNamesOf(channelOf).Select(name => RequestWriter.Write(request, name.Channel, name.ServerName, makeDistinct: false))];
        _scope.ThrowIfNotStarted();
        await _scope.Server.WhenConnectedAsync(CancellationToken.None).WaitAsync(DefaultLimit).ConfigureAwait(false);
        foreach (var notifications in transactions)
            _scope.Server.Commit(notifications, _processId);
    }

    private static async Task WhenListeningAsync(IReadOnlyList<MemoryLine> lines, TimeSpan limit)
    {
        foreach (var line in lines)
            await InTimeAsync(line, line.WhenListeningAsync(), limit, "does not listen").ConfigureAwait(false);
    }

    private static async Task InTimeAsync(MemoryLine line, Task task, TimeSpan limit, string problem)
    {
        await task.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsCompletedSuccessfully)
            throw new TimeoutException(new HarnessReport($"The listener {(line.Listener.Length == 0 ? "" : $"'{line.Listener}' ")}{problem} within {HarnessReport.Text(limit)}.").WithState(line).ToString());
    }
}
