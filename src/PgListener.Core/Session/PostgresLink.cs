using Npgsql;
using PgListener.Connections;

namespace PgListener.Session;

/// <summary>Connects a listener to a PostgreSQL server with Npgsql.</summary>
internal sealed class PostgresLink : IServerLink
{
    private readonly ConnectionSource _connections;
    private readonly SecondConnection _second;
    private readonly ListenerSession _session;
    private readonly TimeProvider _time;

    public PostgresLink(ConnectionSource connections, SessionParts parts)
    {
        var settings = parts.Options.Current;
        var ownSettings = new OwnSettings(OwnSettings.Wanted(settings), parts.Logger);
        _connections = connections;
        _time = parts.Time;
        _second = new(connections, ownSettings, settings.KeepAlive, parts.Time, parts.Logger);
        var waker = new Waker(_second, parts.Time, parts.Logger);
        var roundTrip = new RoundTrip(parts.Owner, waker.SendAsync, settings.KeepAlive / 2, parts.Time);
        parts.Channels.AddPrivate(waker.Channel, roundTrip.Receive);
        Inbox = new(parts.Owner.Difference, parts.Backpressure, Call);
        _session = new(connections, _second, ownSettings, parts.Owner, Inbox, parts.Backpressure, waker.Wake, roundTrip, parts.Options, parts.Time, parts.Logger);
    }

    public SessionInbox Inbox { get; }

    public NpgsqlConnection? Connection => _session.Connection;

    public Task RunAsync(long run, Action onListening, CancellationToken stopping) => _session.RunAsync(run, onListening, stopping);

    public async Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping)
        => await Task.Delay(delay, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => _connections.OpenPooledAsync(cancellationToken);

    public void CloseIdle() => _connections.CloseIdle();

    /// <summary>Only for a link that was never used.</summary>
    public void Dispose() => _connections.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _second.DisposeAsync().ConfigureAwait(false);
        await _connections.DisposeAsync().ConfigureAwait(false);
    }

    private void Call(Func<bool> isNeeded) => _session.Call(isNeeded);
}
