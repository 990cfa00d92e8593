namespace PgListener.TestServer;

/// <summary>The PostgreSQL that tests run on, whichever kind it is, and the harm that can be done to it.</summary>
public interface ITestServer : IAsyncDisposable
{
    string ConnectionString { get; }

    /// <summary>What it is and where it came from.</summary>
    string Description { get; }

    /// <summary>Why the server itself may not be harmed; <see langword="null"/> when it may.</summary>
    string? WhyUnbreakable { get; }

    /// <summary>Ends it as a power cut would.</summary>
    Task KillAsync();

    Task StopAsync();

    Task StartAsync();

    /// <summary>Freezes one of its processes, or all.</summary>
    Task PauseAsync(int? processId = null);

    Task ResumeAsync(int? processId = null);
}
