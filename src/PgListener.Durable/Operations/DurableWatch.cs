using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Operations;

/// <summary>Reads from time to time where the subscriptions of this process are, for health, metrics and the log.</summary>
internal sealed class DurableWatch(NpgsqlDataSource dataSource, StatusQuery query, LocalStatistics local, DurableChannelOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>The time between two readings, if nobody asks for one.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>The same while nothing happens. Others may have deleted dead letters meanwhile.</summary>
    public static readonly TimeSpan QuietInterval = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly WatchReport _report = new(options, local, time, logger);
    private volatile IReadOnlyList<DurableSubscriptionStatus> _latest = [];
    private long? _readAt;

    /// <summary>What this process had received and called when the latest reading began, if that shows everything to be handled.</summary>
    private long? _settledAt;

    /// <summary>The latest reading; empty before the first.</summary>
    public IReadOnlyList<DurableSubscriptionStatus> Latest => _latest;

    /// <summary>The shards that nobody has held for too long, of the latest reading.</summary>
    public IReadOnlyList<(DurableSubscriptionName Name, int Shard)> WithoutHolder => _report.WithoutHolder;

    /// <summary>Reads until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await RefreshAsync(IsSettled() ? QuietInterval : TimeSpan.Zero, stopping).ConfigureAwait(false);
            await Task.Delay(Interval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads, unless the latest reading is new enough. If that fails, the latest stays.</summary>
    public async Task RefreshAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return; // The caller goes on with the latest.
        }

        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (_readAt is { } at && time.GetElapsedTime(at) < maxAge)
                return;

            var activity = Activity();
            _settledAt = null;
            var connection = await dataSource.OpenConnectionAsync(either.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                _latest = local.WithBlockades(await query.ReadAsync(connection, local.Subscriptions.ContainsKey, static shards => Math.Max(1, StatusQuery.MaxLag / shards), either.Token).ConfigureAwait(false));
            _readAt = time.GetTimestamp();
            if (_latest.All(static status => status.Shards.All(static shard => shard is { LagMessages: 0, Retries: 0, Holder: not null })))
                _settledAt = activity;
            _report.Note(_latest);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            logger.WatchFailed(e); // Why the database cannot be reached is reported by the coordination.
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Whether another reading would show what the latest one does: everything was handled then, nothing was received since, and the looks find nothing.</summary>
    private bool IsSettled() => local.State.IsQuiet && _settledAt == Activity();

    private long Activity() => local.Subscriptions.Values.Sum(static subscription => subscription.Counts.Received + subscription.Counts.Processed);
}
