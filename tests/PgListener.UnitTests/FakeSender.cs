using System.Threading.Channels;
using PgListener.Publishing;

namespace PgListener.UnitTests;

/// <summary>A server that answers when the test says so.</summary>
internal sealed class FakeSender : INotificationSender
{
    private readonly Channel<Batch> _batches = Channel.CreateUnbounded<Batch>();

    /// <summary>What has been sent and not yet taken by the test.</summary>
    public int Waiting => _batches.Reader.Count;

    public Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        var batch = new Batch([.. notifications.Select(notification => notification.Payload)], new(TaskCreationOptions.RunContinuationsAsynchronously), cancellationToken);
        _batches.Writer.TryWrite(batch);
        return batch.Answer.Task;
    }

    /// <summary>The next transaction, not yet committed.</summary>
    public async Task<Batch> NextAsync() => await _batches.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    /// <summary>Commits the next transaction, which must carry these.</summary>
    public async Task CommitAsync(params string[] payloads)
    {
        var batch = await NextAsync();
        Assert.Equal(payloads, batch.Payloads);
        batch.Answer.SetResult();
    }

    public sealed record Batch(string[] Payloads, TaskCompletionSource Answer, CancellationToken Token);
}
