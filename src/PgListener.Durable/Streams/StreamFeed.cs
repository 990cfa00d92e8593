using PgListener.Durable.Log;

namespace PgListener.Durable.Streams;

/// <summary>What the streams of one channel share.</summary>
/// <param name="number">The number under which looks ask for the channel, which no subscription has: below 0.</param>
/// <param name="tail">Reads the end of the log.</param>
/// <param name="reader">Reads the rest of it.</param>
/// <param name="problems">Is told what goes wrong.</param>
/// <param name="turns">Bounds how many read at the same time, because many may come back at once.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamFeed(int number, Tail tail, StreamLogReader reader, StreamProblems problems, SemaphoreSlim turns, TimeProvider time) : IAsyncDisposable
{
    public int Number => number;

    public Tail Tail => tail;

    public StreamProblems Problems => problems;

    /// <summary>The streams that are being read. Changed under the lock of <see cref="DurableStreams"/>.</summary>
    public HashSet<DurableStream> Streams { get; } = [];

    /// <summary>Ends the wake-ups.</summary>
    public required Func<ValueTask> OnEnd { get; init; }

    /// <summary>Reads a page for one stream, until it succeeds.</summary>
    /// <returns><see langword="null"/> if the epoch is over.</returns>
    public async Task<StreamPage?> ReadAsync(LogEpoch epoch, LogPosition position, int limit, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    return await reader.ReadAsync(epoch, position, limit, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    turns.Release();
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(problems.Report(e, failures), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await OnEnd().ConfigureAwait(false);
        await tail.DisposeAsync().ConfigureAwait(false);
        problems.Dispose();
    }
}
