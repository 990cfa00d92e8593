using System.Threading.Channels;
using PgListener.Connections;
using PgListener.Session;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Testing.Memory;

/// <summary>One session on the in-memory server, with the steps of a real one: listens to all wanted channels, then delivers notifications until something throws.</summary>
/// <param name="parts">The listener's parts.</param>
/// <param name="inbox">The requests of other tasks.</param>
/// <param name="roundTrip">Proves that notifications arrive.</param>
/// <param name="mailbox">The messages from the server.</param>
/// <param name="processId">Its process id on the server.</param>
internal sealed class MemorySession(SessionParts parts, SessionInbox inbox, RoundTrip roundTrip, ChannelReader<MemoryMessage> mailbox, int processId)
{
    private readonly HashSet<string> _channels = new(StringComparer.Ordinal);
    private readonly WakeUps _wakeUps = new();
    private SessionId _session;

    private SessionOwner Owner => parts.Owner;

    /// <summary>Runs the session.</summary>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="onListening">Called when the state becomes Listening.</param>
    /// <param name="listens">Called just after that.</param>
    /// <param name="stopping">Ends the session.</param>
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

    /// <summary>Proves delivery, if that is configured, and reports that the session listens only when the proof has arrived.</summary>
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

            await ServeAsync(stopping).ConfigureAwait(false); // A subscription that was made before the notification was sent must receive it.
            stopping.ThrowIfCancellationRequested();
            Take(message);
        }
    }

    private void Take(MemoryMessage message)
    {
        if (message.IsLoss)
        {
            Prove(); // Everything that was sent before has arrived.
            throw new ListenerException("The test has ended the connection to the in-memory server.");
        }

        if (message.Notification is { } notification && _channels.Contains(notification.Channel))
            Owner.Deliver(_session, notification.Channel, notification.Payload, notification.ProcessId, _wakeUps);
    }

    /// <summary>Does the work between two messages: requests of other tasks, and waiting for a full queue.</summary>
    private async ValueTask ServeAsync(CancellationToken stopping)
    {
        while (inbox.HasMail || parts.Backpressure.IsOn)
        {
            stopping.ThrowIfCancellationRequested();
            if (inbox.HasMail)
            {
                Reconcile();
                while (Owner.TryTakeQuery(_session, inbox, out var query))
                    query.Answer.TrySetResult([.. _channels]); // The only query asks for the listening channels.
                continue;
            }

            foreach (var toBlame in await parts.Backpressure.WaitAsync(stopping).ConfigureAwait(false))
                toBlame.Overflow();
        }
    }

    /// <summary>Listens to the wanted channels, and to no others.</summary>
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
