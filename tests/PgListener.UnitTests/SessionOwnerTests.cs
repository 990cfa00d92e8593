using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Session;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>The moment from which a session is said to listen, and what a proof says of it.</summary>
public sealed class SessionOwnerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LastGood _lastGood = new();
    private readonly StateMachine _state;
    private readonly SessionOwner _owner;
    private readonly SessionId _session;

    public SessionOwnerTests()
    {
        _state = new(_time, new FakeLogger());
        var routing = new RoutingKit();
        _owner = new(routing.Difference, routing.Router, _state, _lastGood);
        Assert.True(_owner.TryBeginSession(_owner.BeginRun(), "server", 1, out _session));
    }

    [Fact]
    public void What_belongs_to_the_moment_has_happened_before_anyone_is_told_that_it_listens()
    {
        var listening = _state.WhenListeningAsync();
        var begun = 0;
        Assert.True(_owner.Listening(_session, () =>
        {
            begun++;
            Assert.False(listening.IsCompleted);
            Assert.Equal(ListenerState.Connecting, _state.Status.State);
        }));
        Assert.Equal(1, begun);
        Assert.True(listening.IsCompletedSuccessfully);
        Assert.Equal(ListenerState.Listening, _state.Status.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_session_that_is_over_has_no_such_moment(bool isStopped)
    {
        if (isStopped)
            _owner.EndRun(_session.Run);
        else
            _owner.EndSession(_session, "lost");
        var begun = 0;
        Assert.False(_owner.Listening(_session, () => begun++));
        Assert.Equal(0, begun);
        Assert.NotEqual(ListenerState.Listening, _state.Status.State);
    }

    [Fact]
    public void A_proof_that_is_sent_twice_proves_what_the_first_one_does_and_is_settled_once()
    {
        Proof? sent = null;
        var roundTrip = new RoundTrip(
            _owner,
            proof =>
            {
                sent = proof;
                return new TaskCompletionSource<bool>().Task;
            },
            TimeSpan.FromSeconds(1),
            _time);
        var settled = new List<TimeSpan?>();
        roundTrip.Begin(_session, settled.Add);
        _time.Advance(TimeSpan.FromSeconds(1));
        var first = _time.GetTimestamp();
        sent!.BeginSending(first);
        _time.Advance(TimeSpan.FromSeconds(2));
        sent.BeginSending(_time.GetTimestamp()); // The answer to the first was lost.
        _time.Advance(TimeSpan.FromSeconds(3));

        // Between the two somebody else's may have been sent, which have not arrived when the first of them does.
        roundTrip.Receive(sent.Payload);
        Assert.Equal(first, _lastGood.Timestamp);
        Assert.Equal([TimeSpan.FromSeconds(5)], settled);

        var payload = sent.Payload;
        roundTrip.Begin(_session, settled.Add);
        roundTrip.Receive(payload);
        Assert.Single(settled);
        Assert.Same(sent, _owner.Awaited);
    }
}
