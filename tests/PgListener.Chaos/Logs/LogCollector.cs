using Microsoft.Extensions.Logging;

namespace PgListener.Chaos.Logs;

/// <summary>Takes what a listener logs into its <see cref="SubjectLog"/>; what others log there is of no interest.</summary>
internal sealed class LogCollector(SubjectLog log) : ILoggerFactory, ILogger
{
    private const int Listening = 100;
    private const int Lost = 101;
    private const int ConnectFailed = 102;
    private const int StillFailing = 103;
    private const int Unproven = 107;

    private bool _isOurs;

    public ILogger CreateLogger(string categoryName) => new LogCollector(log) { _isOurs = categoryName == "PgListener" };

    public bool IsEnabled(LogLevel logLevel) => _isOurs;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!_isOurs)
            return;

        var kind = eventId.Id switch
        {
            Listening => ListenerEventKind.Listening,
            Lost or ConnectFailed or StillFailing => ListenerEventKind.Lost,
            Unproven => ListenerEventKind.Unproven,
            _ => ListenerEventKind.Remark,
        };
        var message = $"{eventId.Id} {formatter(state, exception)}";
        log.Add(kind, exception is null ? message : $"{exception.GetType().Name}: {exception.Message} | {message}");
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // Nothing is held.
    }
}
