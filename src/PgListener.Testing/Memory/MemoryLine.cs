using System.Threading.Channels;
using PgListener.Session;

namespace PgListener.Testing.Memory;

/// <summary>One listener's connection to the in-memory server: whether it is connected, whether it can connect, and its messages.</summary>
/// <param name="listener">The listener's name.</param>
/// <param name="sync">The server's lock.</param>
internal sealed class MemoryLine(string listener, Lock sync)
{
    private SessionParts? _parts;
    private Channel<MemoryMessage>? _mailbox;
    private Channel<MemoryMessage>? _next;
    private TaskCompletionSource? _changed;
    private bool _isListening;
    private bool _isDown;
    private int _sessions;

    public string Listener => listener;

    /// <summary>The listener's parts, once it was created.</summary>
    public SessionParts? Parts => Volatile.Read(ref _parts);

    /// <summary>Whether the listener is started and not being stopped.</summary>
    public bool IsStarted => Parts?.Owner.State.Status.State is ListenerState.Connecting or ListenerState.Listening or ListenerState.Reconnecting;

    /// <summary>Whether the server is unreachable for this listener.</summary>
    public bool IsDown
    {
        get
        {
            lock (sync)
                return _isDown;
        }
    }

    /// <summary>The listener was created.</summary>
    public void Attach(SessionParts parts)
    {
        Volatile.Write(ref _parts, parts);

        // Waits end when the listener is stopped, and nothing is kept for it.
        parts.Owner.State.Changed += (_, _) => Change(() =>
        {
            if (_next is not null && !IsStarted)
                Lose();
        });
    }

    /// <summary>Connects.</summary>
    /// <returns>The channel with the messages for the session.</returns>
    /// <exception cref="ListenerException">The server cannot be reached.</exception>
    public Channel<MemoryMessage> Open()
    {
        var mailbox = NewMailbox();
        Change(() =>
        {
            if (_isDown)
                throw new ListenerException($"The in-memory server cannot be reached: the test has called {nameof(PgListenerHarness)}.{nameof(PgListenerHarness.DisconnectAsync)}. {nameof(PgListenerHarness.ReconnectAsync)} ends that.");
            _mailbox = mailbox = _next ?? mailbox;
            _next = null;
            _sessions++;
        });
        return mailbox;
    }

    /// <summary>A connected session listens.</summary>
    public void Listens(Channel<MemoryMessage> mailbox) => Change(() => _isListening |= _mailbox == mailbox);

    /// <summary>A session is over.</summary>
    public void Close(Channel<MemoryMessage> mailbox) => Change(() =>
    {
        _sessions--;
        if (_mailbox == mailbox)
            Lose();
    });

    /// <summary>Sends a message to the current session, if there is one.</summary>
    public void Post(MemoryMessage message)
    {
        lock (sync)
            _mailbox?.Writer.TryWrite(message);
    }

    /// <summary>
    /// Ends the current connection, after everything that was sent on it so far. Later messages are sent on the next one, if there can be one: a session whose
    /// reading is paused has not noticed the loss yet, and the handler that pauses it may be waiting to publish.
    /// </summary>
    /// <param name="stayDown">Whether the server is unreachable until <see cref="Repair"/>.</param>
    public void Cut(bool stayDown) => Change(() =>
    {
        var wasConnected = _mailbox?.Writer.TryWrite(new(null, IsLoss: true)) == true;
        _isDown |= stayDown;
        Lose();
        if (wasConnected && !_isDown)
            _mailbox = _next = NewMailbox();
    });

    /// <summary>The server is reachable again.</summary>
    public void Repair() => Change(() => _isDown = false);

    /// <summary>Completes when the listener is connected, cannot connect, or is stopped.</summary>
    public Task WhenConnectedAsync() => WhenAsync(() => _mailbox is not null || _isDown || !IsStarted);

    /// <summary>Completes when the listener listens on a connection that was made after the latest cut, or is stopped.</summary>
    public Task WhenListeningAsync() => WhenAsync(() => _isListening || !IsStarted);

    /// <summary>Completes when every session has noticed the loss of its connection.</summary>
    public Task WhenLostAsync() => WhenAsync(() => _sessions == (_mailbox == _next ? 0 : 1));

    /// <summary>Completes when the server is reachable.</summary>
    public Task WhenReachableAsync() => WhenAsync(() => !_isDown);

    private static Channel<MemoryMessage> NewMailbox() => Channel.CreateUnbounded<MemoryMessage>(new() { SingleReader = true });

    private void Lose()
    {
        _mailbox = _next = null;
        _isListening = false;
    }

    private void Change(Action change)
    {
        lock (sync)
        {
            change();
            _changed?.TrySetResult();
            _changed = null;
        }
    }

    private async Task WhenAsync(Func<bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (sync)
            {
                if (condition())
                    return;
                changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await changed.ConfigureAwait(false);
        }
    }
}
