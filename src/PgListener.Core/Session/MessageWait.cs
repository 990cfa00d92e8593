using Npgsql;

namespace PgListener.Session;

/// <summary>
/// Waits for messages on a session's connection, each time no longer than <see cref="ListenerOptions.KeepAlive"/>.
/// A wait with another limit than the connection's command timeout makes Npgsql change the socket's receive timeout twice:
/// two system calls a notification. So the command timeout is the limit, unless it is shorter; and where it is longer, on a connection that is
/// not of our own making, a timer cuts the wait short. The timer runs only while there is nothing to read.
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
        // A shorter one would cut off what is only slow. And where there is none the wait still needs a limit of its own: a
        // cancellation alone can get lost (npgsql#5975).
        _limit = TimeSpan.FromSeconds(Math.Max(connection.CommandTimeout, keepAlive.TotalSeconds));
        if (_limit > keepAlive)
            _cut = NewCut();
    }

    /// <summary>Begins to wait. It is completed at once when a message is at hand.</summary>
    /// <returns>Whether there is a message.</returns>
    public Task<bool> BeginAsync() => _connection.WaitAsync(_limit, _cut?.Token ?? _stopping);

    /// <summary>It has to wait indeed.</summary>
    public void StartLimit() => _cut?.CancelAfter(_keepAlive);

    /// <summary>It need not wait any longer.</summary>
    /// <returns>Whether the limit was reached, and is what has ended the wait.</returns>
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
