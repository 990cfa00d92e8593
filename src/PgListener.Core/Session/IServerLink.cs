using Npgsql;

namespace PgListener.Session;

/// <summary>A listener's way to a server: the sessions that listen there, one after the other, and whatever else it asks of the server.</summary>
internal interface IServerLink : IAsyncDisposable, IDisposable
{
    /// <summary>Where wishes for the session are left.</summary>
    SessionInbox Inbox { get; }

    /// <summary>The connection of the present session, if there is one.</summary>
    NpgsqlConnection? Connection { get; }

    /// <summary>One connection's life: connects, listens to everything wanted, then delivers what comes, until something throws.</summary>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="onListening">Called once the server listens, and that is proven as far as it can be.</param>
    /// <param name="stopping">Ends it.</param>
    Task RunAsync(long run, Action onListening, CancellationToken stopping);

    /// <summary>Waits before the next attempt to connect. Ends early, and without an exception, when the listener is stopped.</summary>
    /// <param name="delay">How long an attempt is worth waiting for, after those that have failed.</param>
    /// <param name="stopping">Ends it.</param>
    Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping);

    /// <summary>Opens a connection for a callback.</summary>
    ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken);

    /// <summary>Closes what is kept in reserve.</summary>
    void CloseIdle();
}
