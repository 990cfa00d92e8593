using System.Threading.Channels;
using PgListener.Connections;
using PgListener.Session;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Testing.Memory;

/// <summary>One connection's life on the in-memory server, in the steps of a real one: listens to everything wanted, then delivers, until something throws.</summary>
/// <param name="parts">The listener's parts.</param>
/// <param name="inbox">What others want of it.</param>
/// <param name="roundTrip">Proves that notifications arrive.</param>
/// <param name="mailbox">What comes from the server.</param>
/// <param name="processId">What it is called there.</param>
internal sealed class MemorySession(SessionParts parts, SessionInbox inbox, RoundTrip roundTrip, ChannelReader<MemoryMessage> mailbox, int processId)
{
    private readonly HashSet<string> _channels = new(StringComparer.Ordinal);
    private readonly WakeUps _wakeUps = new();
    private SessionId _session;

    private SessionOwner Owner => parts.Owner;

    /// <summary>Lives through it.</summary>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="onListening">Called at the moment when it listens, and <paramref name="listens"/> just after it.</param>
    /// <param name="listens">Told that the state says so too.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(long run, Action onListening, Action listens, CancellationToken stopping)
    {
        try
        {
            if (!Owner.TryBeginSession(run, MemoryServer.Name, processId, out _session))
                throw new OperationCanceledException("The run is over.");

            var channels = Reconcile();
            BeginProof(() =>
            {
                if (Owner.Listening(_session, onListening))
                    parts.Logger.Listening(channels, MemoryServer.Name, processId);
                listens();
            });
            await ReadAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Owner.EndSession(_session, Diagnosis.Of(e));
            throw;
        }
    }

    /// <summary>Sends a notification through the server, if that is wanted, and only when it has come says that it listens.</summary>
    private void BeginProof(Action onListening)
    {
        if (!parts.Options.Current.ProveDelivery)
        {
            onListening();
            return;
        }

        roundTrip.Begin(_session, took =>
        {
            Owner.Note(_session, status => status with { RoundTrip = took });
            onListening();
        });
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        while (true)
        {
            await ServeAsync(stopping).ConfigureAwait(false);
            if (!mailbox.TryRead(out var message))
            {
                parts.Backpressure.CaughtUp();
                message = await mailbox.ReadAsync(stopping).ConfigureAwait(false);
            }

            await ServeAsync(stopping).ConfigureAwait(false); // What was wanted before it was sent is to hear it.
            stopping.ThrowIfCancellationRequested();
            Take(message);
        }
    }

    private void Take(MemoryMessage message)
    {
        if (message.IsLoss)
        {
            Prove(); // All that was sent before has arrived.
            throw new ListenerException("The test has ended the connection to the in-memory server.");
        }

        if (message.Notification is { } notification && _channels.Contains(notification.Channel))
            Owner.Deliver(_session, notification.Channel, notification.Payload, notification.ProcessId, _wakeUps);
    }

    /// <summary>What is to be done between two messages: wishes of others, and waiting for a full queue.</summary>
    private async ValueTask ServeAsync(CancellationToken stopping)
    {
        while (inbox.HasMail || parts.Backpressure.IsOn)
        {
            stopping.ThrowIfCancellationRequested();
            if (inbox.HasMail)
            {
                Reconcile();
                while (Owner.TryTakeQuery(_session, inbox, out var query))
                    query.Answer.TrySetResult([.. _channels]); // There is one question: which channels are listened to.
                continue;
            }

            foreach (var toBlame in await parts.Backpressure.WaitAsync(stopping).ConfigureAwait(false))
                toBlame.Overflow();
        }
    }

    /// <summary>Listens to what is wanted, and to nothing else.</summary>
    /// <returns>How many channels were added.</returns>
    private int Reconcile()
    {
        var changes = Owner.TakeChanges(_session, int.MaxValue) ?? throw new OperationCanceledException("The session is over.");
        foreach (var change in changes)
        {
            if (change.Listen)
                _channels.Add(change.Route.ServerName);
            else
                _channels.Remove(change.Route.ServerName);
        }

        Owner.Apply(_session, changes);
        Prove();
        return changes.Count(static change => change is { Listen: true, Route.IsPrivate: false });
    }

    private void Prove() => Owner.Prove(_session, parts.Time.GetTimestamp());
}
