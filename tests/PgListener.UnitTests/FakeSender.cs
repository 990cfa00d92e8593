using System.Threading.Channels;
using PgListener.Publishing;

namespace PgListener.UnitTests;

/// <summary>A server that answers when the test says so.</summary>
internal sealed class FakeSender : INotificationSender
{
    private readonly Channel<Batch> _batches = Channel.CreateUnbounded<Batch>();

    /// <summary>What has been sent and not yet taken by the test.</summary>
    public int Waiting => _batches.Reader.Count;

    public Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken) => Record([notifications], cancellationToken).Answer.Task;

    public async Task<IReadOnlyList<Exception?>> SendEachAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        var batch = Record(transactions, cancellationToken);
        await batch.Answer.Task;
        return batch.Outcomes;
    }

    /// <summary>The next transaction, not yet committed.</summary>
    public async Task<Batch> NextAsync() => await _batches.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    /// <summary>Commits the next transaction, which must carry these.</summary>
    public Task CommitAsync(params string[] payloads) => CommitEachAsync(payloads);

    /// <summary>Commits the next transactions, which must come in one round trip and carry these.</summary>
    public async Task CommitEachAsync(params string[][] transactions)
    {
        var batch = await NextAsync();
        Assert.Equal(transactions, batch.Transactions);
        batch.Answer.SetResult();
    }

    private Batch Record(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        var batch = new Batch(
            [.. transactions.Select(notifications => notifications.Select(notification => notification.Payload).ToArray())],
            new(TaskCreationOptions.RunContinuationsAsynchronously),
            cancellationToken);
        _batches.Writer.TryWrite(batch);
        return batch;
    }

    /// <summary>What was sent in one round trip.</summary>
    public sealed record Batch(string[][] Transactions, TaskCompletionSource Answer, CancellationToken Token)
    {
        public string[] Payloads => [.. Transactions.SelectMany(payloads => payloads)];

        /// <summary>Of each transaction why it was refused.</summary>
        public Exception?[] Outcomes { get; } = new Exception?[Transactions.Length];
    }
}
