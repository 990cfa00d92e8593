using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PgListener.IntegrationTests;

/// <summary>What a listener logs, as signals to wait for. The ids of its events are part of its contract.</summary>
internal sealed class ListenerLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentDictionary<int, Received<Exception?>> _events = [];

    /// <summary>The connection was lost; the state is <see cref="ListenerState.Reconnecting"/> by then.</summary>
    public Received<Exception?> Lost => Of(101);

    /// <summary>An attempt to connect failed.</summary>
    public Received<Exception?> ConnectFailed => Of(102);

    /// <summary>A callback was cancelled after its time limit.</summary>
    public Received<Exception?> TimedOut => Of(201);

    /// <summary>A queue has overflowed.</summary>
    public Received<Exception?> Overflowed => Of(202);

    /// <summary>It was started, and never told to call its callbacks.</summary>
    public Received<Exception?> NotDispatching => Of(210);

    /// <summary>A call ignores its cancelled token.</summary>
    public Received<Exception?> Hangs => Of(213);

    /// <summary>The last such call has ended.</summary>
    public Received<Exception?> HangsNoMore => Of(215);

    /// <summary>A stop has left calls behind.</summary>
    public Received<Exception?> LeftBehind => Of(303);

    /// <summary>A setting was changed at run time.</summary>
    public Received<Exception?> Changed => Of(440);

    /// <summary>A setting was changed that is read only at the start.</summary>
    public Received<Exception?> NeedsRestart => Of(441);

    /// <summary>A change of the configuration was refused.</summary>
    public Received<Exception?> Refused => Of(443);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => Of(eventId.Id).Add(exception);

    private Received<Exception?> Of(int id) => _events.GetOrAdd(id, static _ => new());
}
