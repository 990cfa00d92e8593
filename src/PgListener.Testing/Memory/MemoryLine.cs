using System.Threading.Channels;
using PgListener.Session;

namespace PgListener.Testing.Memory;

/// <summary>One listener's connection to the in-memory server: whether there is one, whether there can be one, and what has come by it.</summary>
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

    /// <summary>The listener's parts, once it was made.</summary>
    public SessionParts? Parts => Volatile.Read(ref _parts);

    /// <summary>Whether the listener is started and not being stopped.</summary>
    public bool IsStarted => Parts?.Owner.State.Status.State is ListenerState.Connecting or ListenerState.Listening or ListenerState.Reconnecting;

    /// <summary>Whether there is no connection, and there can be none.</summary>
    public bool IsDown
    {
        get
        {
            lock (sync)
                return _isDown;
        }
    }

    /// <summary>The listener is made.</summary>
    public void Attach(SessionParts parts)
    {
        Volatile.Write(ref _parts, parts);

        // Nobody is to wait for a listener that is stopped, and nothing is kept for it.
        parts.Owner.State.Changed += (_, _) => Change(() =>
        {
            if (_next is not null && !IsStarted)
                Lose();
        });
    }

    /// <summary>Connects.</summary>
    /// <returns>Where what comes is read.</returns>
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

    /// <summary>A session that has connected listens.</summary>
    public void Listens(Channel<MemoryMessage> mailbox) => Change(() => _isListening |= _mailbox == mailbox);

    /// <summary>A session is over.</summary>
    public void Close(Channel<MemoryMessage> mailbox) => Change(() =>
    {
        _sessions--;
        if (_mailbox == mailbox)
            Lose();
    });

    /// <summary>Sends something to the session there is, if there is one.</summary>
    public void Post(MemoryMessage message)
    {
        lock (sync)
            _mailbox?.Writer.TryWrite(message);
    }

    /// <summary>
    /// Ends the connection there is, behind all that was sent by it so far. What is sent from now on comes by the next one, if there can be one: a session whose
    /// reading is paused does not know of its loss yet, and what pauses it may be waiting to send something.
    /// </summary>
    /// <param name="stayDown">Whether there is no other connection until <see cref="Repair"/>.</param>
    public void Cut(bool stayDown) => Change(() =>
    {
        var wasConnected = _mailbox?.Writer.TryWrite(new(null, IsLoss: true)) == true;
        _isDown |= stayDown;
        Lose();
        if (wasConnected && !_isDown)
            _mailbox = _next = NewMailbox();
    });

    /// <summary>There can be a connection again.</summary>
    public void Repair() => Change(() => _isDown = false);

    /// <summary>Completes when there is a connection, or there will be none for now.</summary>
    public Task WhenConnectedAsync() => WhenAsync(() => _mailbox is not null || _isDown || !IsStarted);

    /// <summary>Completes when the listener listens by a connection that was made after the latest cut, or is stopped.</summary>
    public Task WhenListeningAsync() => WhenAsync(() => _isListening || !IsStarted);

    /// <summary>Completes when no session is left that has lost its connection and does not know it yet.</summary>
    public Task WhenLostAsync() => WhenAsync(() => _sessions == (_mailbox == _next ? 0 : 1));

    /// <summary>Completes when there can be a connection.</summary>
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
