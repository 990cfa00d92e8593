using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>How long the local level is used while the listener does not listen.</summary>
public sealed class HearingTests
{
    private static readonly TimeSpan MaxOutage = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly SetListener _listener = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_outage_counts_from_its_own_beginning(bool isReadInBetween)
    {
        var hearing = new Hearing(_listener, MaxOutage, "shop", _time, NullLogger.Instance);
        Move(ListenerState.Reconnecting);
        Assert.True(hearing.IsLocalUsable);
        Move(ListenerState.Listening);
        hearing.Hear(_listener.Status);
        if (isReadInBetween)
            Assert.True(hearing.IsLocalUsable);

        _time.Advance(TimeSpan.FromHours(1));
        Move(ListenerState.Reconnecting);
        Assert.True(hearing.IsLocalUsable);
        _time.Advance(MaxOutage);
        Assert.False(hearing.IsLocalUsable);
    }

    private void Move(ListenerState state) => _listener.Status = new() { State = state, Since = _time.GetUtcNow() };

    private sealed class SetListener : IPgListener
    {
        public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
        {
            add { }
            remove { }
        }

        public string Name => "";

        public ListenerStatus Status { get; set; } = new();

        public IReadOnlyList<SubscriptionStatistics> GetStatistics() => [];

        public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
            => throw new NotSupportedException();

        public IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
