using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>Handlers whose queue does not keep everything: a test that waits for what never comes is told why.</summary>
public sealed class FullQueueTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(FullQueueMode.KeepLatest, 2, "dropped 0, replaced by newer ones 2.")]
    [InlineData(FullQueueMode.Drop, 1, "dropped 3, replaced by newer ones 0.")]
    public async Task What_was_dropped_or_replaced_is_reported(FullQueueMode mode, int handled, string said)
    {
        await using var app = await App.StartAsync(services => services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>(handler =>
        {
            handler.FullQueueMode = mode;
            handler.QueueCapacity = 1;
        }));
        app.Book.OnOrder = (_, cancellation) =>
        {
            _begun.TrySetResult();
            return _release.Task.WaitAsync(cancellation);
        };
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await _begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await app.Harness.PublishManyAsync([new OrderPlaced(2), new OrderPlaced(3), new OrderPlaced(4)]);
        await app.Harness.AnnounceGapAsync(); // All of them have arrived.
        _release.SetResult();
        await app.Harness.WhenResyncedAsync<OrderPlaced>();

        await app.Harness.WhenHandledAsync<OrderPlaced>(handled);
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(4, Short));
        Assert.Contains($"received 4, handled {handled}", timeout.Message, StringComparison.Ordinal);
        Assert.Contains(said, timeout.Message, StringComparison.Ordinal);
    }
}
