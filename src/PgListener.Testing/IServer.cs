namespace PgListener.Testing;

/// <summary>One PostgreSQL server, wherever it runs. <see cref="IDisposable.Dispose"/> ends it at once and removes all it left.</summary>
/// <remarks>Calls do not overlap, except <see cref="IDisposable.Dispose"/>, which may come at any time and more than once.</remarks>
internal interface IServer : IDisposable
{
    /// <summary>Gets the cluster_name of the server, unique on this machine.</summary>
    string Name { get; }

    /// <summary>Gets where the server came from, for people to read.</summary>
    string Origin { get; }

    /// <summary>Gets the process id of the postmaster, or null when it is stopped or not a process of this machine.</summary>
    int? ProcessId { get; }

    /// <summary>Creates the data on the first call, then starts the server. Does not wait until it is ready.</summary>
    Task StartAsync(int port, CancellationToken cancellationToken);

    Task<bool> IsRunningAsync(CancellationToken cancellationToken);

    /// <summary>Stops the server in an orderly way, without waiting for clients ("fast"), and waits until it is gone.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends every process of the server as a power cut would, and waits until they are gone.</summary>
    Task KillAsync(CancellationToken cancellationToken);

    /// <summary>Freezes or thaws one process of the server, or all of them.</summary>
    Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken);

    /// <summary>Returns the end of the server's log.</summary>
    Task<string> ReadLogAsync(CancellationToken cancellationToken);
}
