using Npgsql;
using PgListener.Publishing;

namespace PgListener.Testing.Memory;

/// <summary>Connects a publisher to the in-memory server. There are no transactions: what is published on the caller's connection is committed at once.</summary>
internal sealed class MemoryPublisherLink(MemoryServer server, MemoryLine line, string prefix) : IPublisherLink, ICallerConnection
{
    private readonly int _processId = server.NextProcessId();

    public string? Server => null;

    public ICallerConnection? CallerOf(PublishRequest request) => request.Connection is null && request.Transaction is null ? null : this;

    public ValueTask CheckAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await server.WhenConnectedAsync(cancellationToken).ConfigureAwait(false);
        if (line.IsDown)
        {
            // As with Npgsql, the failure is transient.
            throw new NpgsqlException(
                $"The in-memory server cannot be reached: the test has called {nameof(PgListenerHarness)}.{nameof(PgListenerHarness.DisconnectAsync)}.", new IOException("The network is down."));
        }

        server.Commit(notifications, _processId, line.Listener, prefix);
    }

    public async Task<IReadOnlyList<Exception?>> SendEachAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        foreach (var transaction in transactions)
            await SendAsync(transaction, cancellationToken).ConfigureAwait(false);
        return new Exception?[transactions.Count];
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
