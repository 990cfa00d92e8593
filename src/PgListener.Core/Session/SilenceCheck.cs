using System.Data;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>Checks the connection when nothing has arrived for <see cref="ListenerOptions.KeepAlive"/>.</summary>
internal sealed class SilenceCheck(SessionOwner owner, RoundTrip roundTrip, OptionsInForce options, TimeProvider time, ILogger logger)
{
    /// <summary>When the notification queue is full, every commit that notifies fails, on the whole server.</summary>
    private const double HighQueueUsage = 0.5;

    private const string QueueUsageQuery = "SELECT pg_catalog.pg_notification_queue_usage()::pg_catalog.text";

    private bool _isUsageUnknown;

    public async Task RunAsync(NpgsqlConnection connection, SessionConnection server, SessionId session, ServerIdentity? identity, CancellationToken stopping)
    {
        // Npgsql breaks the connection when the silence is in the middle of a message, and reports only that none arrived.
        if (connection.FullState != ConnectionState.Open)
            throw new TimeoutException($"A message was begun and not ended within {nameof(ListenerOptions.KeepAlive)} ({options.Current.KeepAlive:c}).");

        // A message may have arrived and be waiting for a thread of this process.
        if (roundTrip.IsOverdue && await ThreadPoolDelay.MeasureAsync(time).ConfigureAwait(false) <= ThreadPoolDelay.Tolerated)
            roundTrip.ThrowIfOverdue(identity);

        var asked = time.GetTimestamp();
        var usage = await AskUsageAsync(connection, server, stopping).ConfigureAwait(false);
        owner.Prove(session, asked);
        await NoteUsageAsync(usage, connection, server, session, stopping).ConfigureAwait(false);
    }

    /// <summary>Asks a silent server whether it is still there, and how full its notification queue is. An error is an answer too.</summary>
    private async Task<double?> AskUsageAsync(NpgsqlConnection connection, SessionConnection server, CancellationToken stopping)
    {
        try
        {
            var answer = await server.QueryAsync(QueueUsageQuery, parameter: null, options.Current.KeepAlive, stopping).ConfigureAwait(false);
            return double.Parse(answer[0], CultureInfo.InvariantCulture);
        }
        catch (PostgresException e) when (connection.FullState == ConnectionState.Open)
        {
            if (!_isUsageUnknown)
                logger.QueueUsageUnknown(Diagnosis.Of(e));
            _isUsageUnknown = true;
            return null;
        }
    }

    private async Task NoteUsageAsync(double? usage, NpgsqlConnection connection, SessionConnection server, SessionId session, CancellationToken stopping)
    {
        var wasFilling = owner.State.Status is { QueueUsage: > HighQueueUsage, Problem: not null };
        if (usage is not > HighQueueUsage)
        {
            owner.Note(session, status => status with { QueueUsage = usage, Problem = wasFilling ? null : status.Problem });
        }
        else if (wasFilling)
        {
            owner.Note(session, status => status with { QueueUsage = usage });
        }
        else
        {
            var problem = Diagnosis.OfQueue(usage.Value, await AskHoldersAsync(connection, server, stopping).ConfigureAwait(false));
            owner.Note(session, status => status with { QueueUsage = usage, Problem = problem });
            logger.QueueFills(problem);
        }
    }

    private async Task<IReadOnlyList<string>> AskHoldersAsync(NpgsqlConnection connection, SessionConnection server, CancellationToken stopping)
    {
        try
        {
            return await server.QueryAsync(Diagnosis.QueueHolderQuery, parameter: null, options.Current.KeepAlive, stopping).ConfigureAwait(false);
        }
        catch (PostgresException) when (connection.FullState == ConnectionState.Open)
        {
            return []; // This user has no right to see it.
        }
    }
}
