using System.Runtime.CompilerServices;

namespace PgListener.UnitTests.Hosting;

/// <summary>A listener that a test of an application writes in a few lines serves everything that subscribes and reads by channel type.</summary>
public sealed class FakeListenerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed class Fake(params string[] payloads) : IPgListener
    {
        private NotificationCallback? _callback;

        public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
        {
            add => throw new NotSupportedException();
            remove => throw new NotSupportedException();
        }

        public string Name => "";

        public ListenerStatus Status { get; } = new() { State = ListenerState.Listening, Since = DateTimeOffset.UnixEpoch };

        public string? Subscription { get; private set; }

        public IReadOnlyList<SubscriptionStatistics> GetStatistics() => [];

        public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        {
            (_callback, Subscription) = (callback, $"{options?.Name} on {channel}");
            return Task.FromResult<ListenerSubscription>(null!);
        }

        public async IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var payload in payloads)
            {
                await Task.Yield();
                yield return new(channel, payload, 0);
            }
        }

        public Task SendAsync(string payload) => _callback!(new(new("c", payload, 0)), Cancellation);
    }

    [Fact]
    public async Task It_reads_a_stream_by_type_without_what_is_malformed()
    {
        IPgListener listener = new Fake("""{"id":1}""", "malformed", """{"id":2}""");
        var read = new List<long>();
        await foreach (var notification in listener.ReadAllAsync<ReflectedOrder>(cancellationToken: Cancellation))
            read.Add(notification.Value.Id);
        Assert.Equal([1, 2], read);
        Assert.Equal(ListenerState.Listening, listener.State);
    }

    [Fact]
    public async Task It_is_subscribed_to_by_type_and_tells_its_test_of_a_malformed_payload()
    {
        var listener = new Fake();
        var received = new List<long>();
        await listener.SubscribeAsync<ReflectedOrder>(Note, cancellationToken: Cancellation);
        await listener.SendAsync("""{"id":1}""");
        Assert.Equal([1], received);
        Assert.Equal("Note on orders", listener.Subscription);
        await Assert.ThrowsAnyAsync<ListenerException>(() => listener.SendAsync("malformed"));

        Task Note(Notification<ReflectedOrder> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Value.Id);
            return Task.CompletedTask;
        }
    }
}
