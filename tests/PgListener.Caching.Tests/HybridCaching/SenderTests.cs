using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>How long those who invalidate something wait, with a server that does not answer.</summary>
public sealed class SenderTests
{
    private readonly FakeLogCollector _log = new();
    private readonly HeldPublisher _publisher = new();

    [Fact]
    public async Task Nobody_waits_for_more_than_the_attempt_that_is_going_on()
    {
        await using var sender = Create();
        var first = sender.SendAsync(pending => pending.AddKey("a"));
        var fail = await _publisher.Attempts.NextAsync();
        var second = sender.SendAsync(pending => pending.AddKey("b"));

        fail.SetException(new InvalidTimeZoneException());
        var held = await _publisher.Attempts.NextAsync(); // The next attempt, which does not end.

        await first.SoonAsync();
        await second.SoonAsync();
        held.SetResult();
    }

    [Fact]
    public async Task Those_who_wait_when_it_stops_and_those_who_come_later_are_released_and_the_loss_is_logged()
    {
        var sender = Create();
        var first = sender.SendAsync(pending => pending.AddKey("a"));
        await _publisher.Attempts.NextAsync();
        var second = sender.SendAsync(pending => pending.AddKey("b"));

        await sender.DisposeAsync().SoonAsync();
        await first.SoonAsync();
        await second.SoonAsync();
        await sender.SendAsync(pending => pending.AddKey("c")).SoonAsync();

        Assert.Equal(["2 key", "1 key"], _log.GetSnapshot().Where(line => line.Id.Id == 732).Select(line => line.Message.Contains(" 2 key", StringComparison.Ordinal) ? "2 key" : "1 key"));
    }

    [Fact]
    public async Task The_end_waits_once_for_a_server_that_does_not_answer()
    {
        var time = new FakeTimeProvider();
        var sender = Create(time, TimeSpan.FromSeconds(5));
        _ = sender.SendAsync(pending => pending.AddKey("a"));
        await _publisher.Attempts.NextAsync();

        var stop = sender.FlushAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await stop.SoonAsync());
        await sender.DisposeAsync().SoonAsync();

        Assert.Single(_log.GetSnapshot(), line => line.Id.Id == 732);
    }

    private InvalidationSender Create(TimeProvider? time = null, TimeSpan stopTimeout = default)
        => new("me", "shop", _publisher, new HybridCacheCoherenceOptions { StopTimeout = stopTimeout }, new CoherenceMetrics(factory: null, "shop"), time ?? TimeProvider.System, new FakeLogger(_log));

    /// <summary>A publisher whose attempts end when the test says so, or are cancelled.</summary>
    private sealed class HeldPublisher : INotificationPublisher
    {
        public Received<TaskCompletionSource> Attempts { get; } = new();

        public Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
        {
            var attempt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Attempts.Add(attempt);
            return attempt.Task.WaitAsync(cancellationToken);
        }
    }
}
