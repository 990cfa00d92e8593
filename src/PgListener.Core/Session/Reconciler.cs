using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Routing;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>Makes the server listen to the wanted channels, and to no others.</summary>
internal sealed class Reconciler(SessionOwner owner, ILogger logger)
{
    /// <summary>
    /// How many LISTENs and UNLISTENs are sent in one transaction, with one time limit. The server compares each of them with all channels that it
    /// already listens to, so very many take long.
    /// </summary>
    private const int ChunkSize = 1_000;

    /// <summary>Sends the current difference. While the server works on one part of it, the answer to the part before is applied, and the next one is taken.</summary>
    /// <returns>How many channels were added.</returns>
    public async Task<int> ReconcileAsync(SessionConnection server, SessionId session, CancellationToken stopping)
    {
        var total = owner.Difference.Count;
        var added = 0;
        var done = 0;
        var next = owner.TakeChanges(session, ChunkSize);
        IReadOnlyList<ChannelChange>? accepted = null;
        do
        {
            var sending = SendAsync(server, session, next ?? throw new OperationCanceledException("The session is over."), done, total, stopping);
            if (accepted is not null)
                owner.Apply(session, accepted);
            done += ChunkSize;
            next = done < total ? owner.TakeChanges(session, ChunkSize) : null;
            accepted = await sending.ConfigureAwait(false);
            added += accepted.Count(static change => change is { Listen: true, Route.IsPrivate: false });
        }
        while (done < total);

        owner.Apply(session, accepted);
        return added;
    }

    /// <summary>Sends changes.</summary>
    /// <returns>Those that the server has accepted.</returns>
    private async Task<IReadOnlyList<ChannelChange>> SendAsync(
        SessionConnection server, SessionId session, IReadOnlyList<ChannelChange> changes, int done, int total, CancellationToken stopping)
    {
        var what = changes.Count == total
            ? string.Create(CultureInfo.InvariantCulture, $"LISTEN for {total:N0} channel(s)")
            : string.Create(CultureInfo.InvariantCulture, $"LISTEN for channels {done + 1:N0} to {done + changes.Count:N0} of {total:N0}");
        try
        {
            await SendAsync(server, what, changes, stopping).ConfigureAwait(false);
            return changes;
        }
        catch (PostgresException e) when (IsDataError(e))
        {
            changes = await RejectUnspeakableAsync(server, session, changes, stopping).ConfigureAwait(false);
            await SendAsync(server, what, changes, stopping).ConfigureAwait(false);
            return changes;
        }
    }

    private static Task SendAsync(SessionConnection server, string what, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
        => changes.Count == 0
            ? Task.CompletedTask
            : server.ExecuteBatchAsync(what, changes.Select(static change => (change.Listen ? "LISTEN " : "UNLISTEN ") + ChannelName.Quote(change.Route.ServerName)), stopping);

    /// <summary>Finds the channels whose names the database's encoding cannot express, by sending each name as text. Only those channels are refused.</summary>
    /// <returns>The other channels.</returns>
    private async Task<IReadOnlyList<ChannelChange>> RejectUnspeakableAsync(SessionConnection server, SessionId session, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
    {
        var accepted = new List<ChannelChange>(changes.Count);
        foreach (var change in changes)
        {
            try
            {
                await server.QueryAsync("SELECT $1", change.Route.ServerName, server.Limit, stopping).ConfigureAwait(false);
                accepted.Add(change);
            }
            catch (PostgresException e) when (IsDataError(e))
            {
                logger.ChannelRejected(e, ChannelName.Show(change.Route.ServerName));
                owner.Reject(session, change, e);
            }
        }

        return accepted;
    }

    /// <summary>Whether the error is a data error, such as that of a text that the database cannot express (22P05, 22021).</summary>
    private static bool IsDataError(PostgresException error) => error.SqlState.StartsWith("22", StringComparison.Ordinal);
}
