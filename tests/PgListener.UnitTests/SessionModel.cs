using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using PgListener.Routing;
using PgListener.Session;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>
/// A listener's runs and sessions, with everything that decides about them, and with neither threads nor a server: each step is made
/// by hand, in whichever order. A run that was stopped goes on as if it had been left behind, and so may do its steps late.
/// </summary>
internal sealed class SessionModel
{
    private const string Channel = "a";

    private readonly RoutingKit _routing = new();
    private readonly StateMachine _state;
    private readonly SessionOwner _owner;
    private readonly RoundTrip _roundTrip;
    private readonly SessionInbox _inbox;
    private readonly SubscriptionContext _context;
    private readonly List<Runner> _runners = [];
    private readonly Dictionary<string, TaskCompletionSource<bool>> _sending = [];
    private readonly List<(Task Task, bool? Listened)> _waits = [];
    private readonly Stack<Subscription> _subscriptions = [];
    private Runner? _current;

    public SessionModel()
    {
        var time = new FakeTimeProvider();
        _state = new(time, NullLogger.Instance);
        _context = new(new(), new(time), new(), _ => throw new NotSupportedException(), time, NullLogger.Instance);
        _owner = new(_routing.Difference, _routing.Router, _state, _context.LastGood);
        _roundTrip = new(_owner, proof => (_sending[proof.Payload] = new()).Task, TimeSpan.FromSeconds(1), time);
        _inbox = new(_routing.Difference, _context.Backpressure, static _ => { });
        _routing.Table.AddPrivate("private", _roundTrip.Receive);
    }

    /// <summary>Every step there is. Those of a run exist for the newest and for the one before it.</summary>
    public static IReadOnlyList<string> Steps { get; } =
    [
        "start", "stop", "subscribe", "unsubscribe", "ask",
        .. new[] { "begin", "send", "answer", "prove", "arrive", "fail", "lose" }.SelectMany(static step => new[] { step, "late " + step }),
    ];

    /// <summary>Makes a step, if it can be made now.</summary>
    public bool TryStep(string step) => step switch
    {
        "start" => Start(),
        "stop" => Stop(),
        "subscribe" => Subscribe(),
        "unsubscribe" => Unsubscribe(),
        "ask" => Ask(),
        _ when step.StartsWith("late ", StringComparison.Ordinal) => _runners.Count > 1 && TryStep(_runners[^2], step[5..]),
        _ => _runners.Count > 0 && TryStep(_runners[^1], step),
    };

    /// <summary>What must be true at every moment.</summary>
    public string? WhatIsWrong()
    {
        var session = _current is { HasBegun: true, IsLost: false } runner ? runner : null;
        if (_state.Status.State == ListenerState.Listening && (session is null || !session.Server.Contains("private")))
            return "It is said to listen without a session that does.";
        if (_routing.Difference.IsInSession && session is null)
            return "There is a table of a session that is over.";
        if (_routing.Routes.All.FirstOrDefault(route => route is { IsApplied: true, IsInFlight: false } && session?.Server.Contains(route.Channel) != true) is { } route)
            return $"'{route.Channel}' is taken to be listened to, and is not.";
        if (_runners.Any(other => other != _current && _owner.Awaited is { } proof && proof.Session == other.Session))
            return "A proof of a session is awaited that is over.";
        return _waits.Exists(wait => wait is { Task.IsCompletedSuccessfully: true, Listened: false }) ? "A wait for LISTEN has ended, and nobody listened." : null;
    }

    /// <summary>From here on nothing fails, and then the listener is stopped: everyone who waits has an answer by then.</summary>
    public string? WhatIsWrongInTheEnd()
    {
        if (_current is { } runner)
        {
            foreach (var step in new[] { "begin", "send", "answer", "send", "answer", "prove", "arrive" })
                TryStep(runner, step);
            if (_state.Status.State != ListenerState.Listening)
                return $"It does not listen in the end, but is {_state.Status.State}.";
            if (_waits.Exists(wait => !HasEnded(wait.Task)))
                return "Somebody waits for ever, though it listens.";
            Stop();
        }

        if (_state.Status.State != ListenerState.Stopped)
            return $"It is {_state.Status.State} after the stop.";
        return _waits.Exists(wait => !HasEnded(wait.Task)) ? "Somebody waits for ever, though it is stopped." : null;
    }

    /// <summary>An answer is handed over on another thread, so it may take a moment.</summary>
    private static bool HasEnded(Task task) => task.IsCompleted || SpinWait.SpinUntil(() => task.IsCompleted, TimeSpan.FromSeconds(5));

    private bool Start()
    {
        if (_current is not null)
            return false;

        _runners.Add(_current = new Runner { Run = _owner.BeginRun() });
        _waits.Add((_state.WhenListeningAsync(), null));
        return true;
    }

    /// <summary>A stop that waits for nothing.</summary>
    private bool Stop()
    {
        if (_current is not { } runner)
            return false;

        _owner.EndRun(runner.Run);
        _inbox.Abandon();
        _owner.Stopped();
        _current = null;
        return true;
    }

    private bool Subscribe()
    {
        var subscription = new Subscription(Channel, callback: null, new(), _context);
        subscription.Begin(isPaused: false, CancellationToken.None);
        _subscriptions.Push(subscription);
        var settled = _routing.Table.Add(subscription);
        if (_current is not null)
            Await(settled, () => _current is { HasBegun: true, IsLost: false } && _current.Server.Contains(Channel));
        return true;
    }

    private bool Unsubscribe()
    {
        if (!_subscriptions.TryPop(out var subscription))
            return false;

        var settled = _routing.Table.Remove(subscription);
        if (_current is not null)
            _waits.Add((settled, null));
        return true;
    }

    private bool Ask()
    {
        if (_current is null)
            return false;

        _waits.Add((_inbox.AskAsync("", CancellationToken.None), null));
        return true;
    }

    private bool TryStep(Runner runner, string step) => step switch
    {
        "begin" => Begin(runner),
        "send" => Send(runner),
        "answer" => Answer(runner),
        "prove" => Prove(runner),
        "arrive" => Settle(runner, arrives: true),
        "fail" => Settle(runner, arrives: false),
        _ => Lose(runner),
    };

    /// <summary>The connection is open.</summary>
    private bool Begin(Runner runner)
    {
        if (runner.HasBegun && !runner.IsLost)
            return false;

        if (!_owner.TryBeginSession(runner.Run, "server", 1, out var session))
            return true;

        runner.Begin(session);
        return true;
    }

    /// <summary>LISTEN is sent, and a question. The server does it at once, and answers later.</summary>
    private bool Send(Runner runner)
    {
        if (!runner.HasBegun || runner.IsLost || runner.Sent is not null)
            return false;

        while (_owner.TryTakeQuery(runner.Session, _inbox, out var query))
            query.Answer.TrySetResult([]);
        runner.Sent = _owner.TakeChanges(runner.Session, int.MaxValue);
        foreach (var change in runner.Sent ?? [])
            _ = change.Listen ? runner.Server.Add(change.Route.Channel) : runner.Server.Remove(change.Route.Channel);
        return true;
    }

    private bool Answer(Runner runner)
    {
        if (runner.Sent is not { } sent)
            return false;

        runner.Sent = null;
        _owner.Apply(runner.Session, sent);
        return true;
    }

    private bool Prove(Runner runner)
    {
        if (!runner.HasBegun || runner.IsLost || !runner.Server.Contains("private"))
            return false;

        var session = runner.Session;
        _roundTrip.Begin(session, _ => _owner.Listening(session, static () => { }));
        runner.Proof = _owner.Awaited?.Payload;
        return true;
    }

    /// <summary>The proof arrives, or could not be sent. A lost session may have it at hand.</summary>
    private bool Settle(Runner runner, bool arrives)
    {
        if (runner.Proof is not { } proof)
            return false;

        runner.Proof = null;
        if (arrives)
            _owner.Deliver(runner.Session, "private", proof, 0, new());
        else
            _sending[proof].TrySetResult(false);
        return true;
    }

    private bool Lose(Runner runner)
    {
        if (!runner.HasBegun || runner.IsLost)
            return false;

        runner.IsLost = true;
        runner.Sent = null;
        _owner.EndSession(runner.Session, "lost");
        _owner.Failed(runner.Run, "lost");
        return true;
    }

    private void Await(Task settled, Func<bool> listens)
    {
        var index = _waits.Count;
        _waits.Add((settled, null));
        if (settled.IsCompletedSuccessfully)
            _waits[index] = (settled, listens());
    }

    /// <summary>One run of the listener, and its session.</summary>
    private sealed class Runner
    {
        public required long Run { get; init; }

        public SessionId Session { get; private set; }

        public bool HasBegun { get; private set; }

        public bool IsLost { get; set; }

        /// <summary>What its server listens to.</summary>
        public HashSet<string> Server { get; } = new(StringComparer.Ordinal);

        public IReadOnlyList<ChannelChange>? Sent { get; set; }

        public string? Proof { get; set; }

        public void Begin(SessionId session)
        {
            (Session, HasBegun, IsLost) = (session, true, false);
            Server.Clear();
        }
    }
}
