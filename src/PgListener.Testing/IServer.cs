namespace PgListener.Testing;

/// <summary>One PostgreSQL server, wherever it runs. <see cref="IDisposable.Dispose"/> ends it at once and removes all it left.</summary>
/// <remarks>
/// Calls do not overlap, except <see cref="IDisposable.Dispose"/>, which may come at any time and more than once. Which call makes sense when
/// is decided once for all kinds, in <see cref="ServerControl"/>; a kind only does what it is told. A call that a token ends may have
/// begun its work.
/// </remarks>
internal interface IServer : IDisposable
{
    /// <summary>Gets the cluster_name of the server, unique on this machine.</summary>
    string Name { get; }

    /// <summary>Gets where the server came from, for people to read.</summary>
    string Origin { get; }

    /// <summary>Gets the address to connect to.</summary>
    string Host { get; }

    /// <summary>Gets the password of the user <c>postgres</c>: random, and demanded of every connection.</summary>
    string Password { get; }

    /// <summary>Gets the process id of the postmaster, or null when it is stopped or not a process of this machine.</summary>
    int? ProcessId { get; }

    /// <summary>Creates the data on the first call, then starts the server. Does not wait until it is ready.</summary>
    Task StartAsync(int port, CancellationToken cancellationToken);

    Task<bool> IsRunningAsync(CancellationToken cancellationToken);

    /// <summary>Tells whether it is this server that listens on its port, and not somebody else's.</summary>
    bool HasItsPort();

    /// <summary>Says why the server cannot be reached although it runs, when it knows a cause that does not go away by waiting.</summary>
    Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken);

    /// <summary>Stops the server in an orderly way, without waiting for clients ("fast"), and waits until it is gone. It never kills what does not stop.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends every process of the server as a power cut would, frozen ones too, and waits until they are gone.</summary>
    Task KillAsync(CancellationToken cancellationToken);

    /// <summary>Freezes or thaws one process of the server, or all of them. Doing it twice is the same as once.</summary>
    /// <exception cref="EphemeralPostgresException">The process is not one of this server.</exception>
    Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken);

    /// <summary>Makes a server that copies this one's data at its first start, and follows it; null where this kind cannot.</summary>
    /// <param name="connectionString">How to connect to this one.</param>
    /// <param name="port">The port of this one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<IServer?> CreateStandbyAsync(string connectionString, int port, CancellationToken cancellationToken);

    /// <summary>Returns the beginning and the end of the server's log since its last start.</summary>
    Task<string> ReadLogAsync(CancellationToken cancellationToken);
}
