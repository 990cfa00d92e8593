using Npgsql;

namespace PgListener.Session;

/// <summary>
/// Waits for messages on a session's connection, each time no longer than <see cref="ListenerOptions.KeepAlive"/>.
/// A wait with another limit than the connection's command timeout makes Npgsql change the socket's receive timeout twice:
/// two system calls for each notification. So the limit is the command timeout, unless that is shorter. Where it is longer, on a connection of the
/// caller's data source, a timer cuts the wait short. The timer runs only while there is nothing to read.
/// </summary>
internal sealed class MessageWait : IDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly TimeSpan _keepAlive;
    private readonly TimeSpan _limit;
    private readonly CancellationToken _stopping;
    private CancellationTokenSource? _cut;

    public MessageWait(NpgsqlConnection connection, TimeSpan keepAlive, CancellationToken stopping)
    {
        _connection = connection;
        _keepAlive = keepAlive;
        _stopping = stopping;
        // A shorter one would end waits that are only slow. Without a command timeout, the wait still needs a limit of its own, because a
        // cancellation can get lost (npgsql#5975).
        _limit = TimeSpan.FromSeconds(Math.Max(connection.CommandTimeout, keepAlive.TotalSeconds));
        if (_limit > keepAlive)
            _cut = NewCut();
    }

    /// <summary>Begins to wait. The wait is completed at once when a message is available.</summary>
    /// <returns>Whether a message has arrived.</returns>
    public Task<bool> BeginAsync() => _connection.WaitAsync(_limit, _cut?.Token ?? _stopping);

    /// <summary>Called when the wait has not completed at once.</summary>
    public void StartLimit() => _cut?.CancelAfter(_keepAlive);

    /// <summary>Called when the wait is over.</summary>
    /// <returns>Whether the limit has ended the wait.</returns>
    public bool StopLimit()
    {
        if (_cut is null)
            return false;

        _cut.CancelAfter(Timeout.InfiniteTimeSpan);
        if (!_cut.IsCancellationRequested || _stopping.IsCancellationRequested)
            return false;

        _cut.Dispose();
        _cut = NewCut();
        return true;
    }

    public void Dispose() => _cut?.Dispose();

    private CancellationTokenSource NewCut() => CancellationTokenSource.CreateLinkedTokenSource(_stopping);
}
