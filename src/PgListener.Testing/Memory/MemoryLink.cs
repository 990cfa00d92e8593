using Npgsql;
using PgListener.Session;

namespace PgListener.Testing.Memory;

/// <summary>Connects a listener to the in-memory server. Sessions follow each other as with a real server, but without pauses.</summary>
internal sealed class MemoryLink : IServerLink
{
    /// <summary>The private channel. Each listener has its own, so the name need not be unique.</summary>
    private const string PrivateChannel = "pglistener_memory";

    private readonly MemoryServer _server;
    private readonly MemoryLine _line;
    private readonly SessionParts _parts;
    private readonly RoundTrip _roundTrip;

    public MemoryLink(MemoryServer server, MemoryLine line, SessionParts parts)
    {
        _server = server;
        _line = line;
        _parts = parts;
        Inbox = new(parts.Owner.Difference, parts.Backpressure, Wake);
        _roundTrip = new(parts.Owner, SendProof, parts.Options.Current.KeepAlive / 2, parts.Time);
        parts.Channels.AddPrivate(PrivateChannel, _roundTrip.Receive);
        line.Attach(parts);
    }

    public SessionInbox Inbox { get; }

    /// <summary>Always <see langword="null"/>, because there is no Npgsql connection.</summary>
    public NpgsqlConnection? Connection => null;

    public bool HasDatabase => false;

    public async Task RunAsync(long run, Action onListening, CancellationToken stopping)
    {
        var mailbox = _line.Open();
        try
        {
            var session = new MemorySession(_parts, Inbox, _roundTrip, mailbox.Reader, _server.NextProcessId());
            await session.RunAsync(run, onListening, () => _line.Listens(mailbox), stopping).ConfigureAwait(false);
        }
        finally
        {
            _line.Close(mailbox);
        }
    }

    /// <summary>Waits for the server, and not for the clock, so a test that makes the server reachable need not advance a fake clock too.</summary>
    public async Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping)
        => await _line.WhenReachableAsync().WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken)
        => throw new NotSupportedException("The in-memory server has no database, so OpenConnectionAsync cannot open a connection. Test code that runs SQL on a real server, which EphemeralPostgres starts.");

    public void CloseIdle()
    {
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<bool> SendProof(Proof proof)
    {
        proof.WasSent = new(Server: null);
        _line.Post(new(new Notification(PrivateChannel, proof.Payload, _server.NextProcessId())));
        return Task.FromResult(true);
    }

    private void Wake(Func<bool> isNeeded) => _line.Post(default);
}
