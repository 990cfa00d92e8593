namespace PgListener.Testing;

/// <summary>One PostgreSQL server, wherever it runs. <see cref="IDisposable.Dispose"/> ends it at once and removes all it left.</summary>
/// <remarks>
/// Calls do not overlap, except <see cref="IDisposable.Dispose"/>, which may come at any time and more than once. Which call makes sense when
/// is decided once for all kinds, in <see cref="ServerControl"/>; a kind only executes the call. A cancelled call may have
/// begun its work.
/// </remarks>
internal interface IServer : IDisposable
{
    /// <summary>Gets the cluster_name of the server, unique on this machine.</summary>
    string Name { get; }

    /// <summary>Gets the source of the server, for messages.</summary>
    string Origin { get; }

    /// <summary>Gets the address to connect to.</summary>
    string Host { get; }

    /// <summary>Gets the password of the user <c>postgres</c>: random, and required for every connection.</summary>
    string Password { get; }

    /// <summary>Gets the process id of the postmaster, or null when it is stopped or not a process of this machine.</summary>
    int? ProcessId { get; }

    /// <summary>Creates the data on the first call, then starts the server. Does not wait until it is ready.</summary>
    Task StartAsync(int port, CancellationToken cancellationToken);

    Task<bool> IsRunningAsync(CancellationToken cancellationToken);

    /// <summary>Tells whether this server listens on its port, and not another one.</summary>
    bool HasItsPort();

    /// <summary>Explains why the server cannot be reached although it runs, if the cause is known and does not end by waiting.</summary>
    Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken);

    /// <summary>Shuts the server down without waiting for clients ("fast"), and waits until it is gone. It never kills a process that does not stop.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Kills every process of the server, including frozen ones, like a power cut, and waits until they are gone.</summary>
    Task KillAsync(CancellationToken cancellationToken);

    /// <summary>Freezes or thaws one process of the server, or all of them. A second call has no further effect.</summary>
    /// <exception cref="EphemeralPostgresException">The process does not belong to this server.</exception>
    Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken);

    /// <summary>Creates a server that copies this one's data at its first start, and follows it; null if this kind cannot.</summary>
    /// <param name="connectionString">How to connect to this one.</param>
    /// <param name="port">The port of this one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<IServer?> CreateStandbyAsync(string connectionString, int port, CancellationToken cancellationToken);

    /// <summary>Returns the beginning and the end of the server's log since its last start.</summary>
    Task<string> ReadLogAsync(CancellationToken cancellationToken);
}
