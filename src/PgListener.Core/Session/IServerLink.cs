using Npgsql;

namespace PgListener.Session;

/// <summary>Connects a listener to a server: runs its sessions, one after the other, and opens connections for its callbacks.</summary>
internal interface IServerLink : IAsyncDisposable, IDisposable
{
    /// <summary>The requests of other tasks to the session.</summary>
    SessionInbox Inbox { get; }

    /// <summary>The connection of the current session, if there is one.</summary>
    NpgsqlConnection? Connection { get; }

    /// <summary>Runs one session: connects, listens to all wanted channels, then delivers notifications until something throws.</summary>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="onListening">Called once the server listens, and delivery is proven if it can be.</param>
    /// <param name="stopping">Ends the session.</param>
    Task RunAsync(long run, Action onListening, CancellationToken stopping);

    /// <summary>Waits before the next attempt to connect. Ends early, and without an exception, when the listener is stopped.</summary>
    /// <param name="delay">How long to wait, which depends on the attempts that have failed.</param>
    /// <param name="stopping">Ends the wait.</param>
    Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping);

    /// <summary>Whether there is a database that connections can be opened to.</summary>
    bool HasDatabase => true;

    /// <summary>Opens a connection for a callback.</summary>
    ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken);

    /// <summary>Closes the idle connections.</summary>
    void CloseIdle();
}
