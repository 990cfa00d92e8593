using Npgsql;
using PgListener.Session;

namespace PgListener.UnitTests;

/// <summary>A way to a server on which nothing ever happens.</summary>
internal sealed class IdleLink(SessionInbox inbox) : IServerLink
{
    public SessionInbox Inbox => inbox;

    public NpgsqlConnection? Connection => null;

    public Task RunAsync(long run, Action onListening, CancellationToken stopping) => Task.Delay(Timeout.Infinite, stopping);

    public Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping) => Task.CompletedTask;

    public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void CloseIdle()
    {
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
