using PgListener.Durable.Log;
using PgListener.Durable.Walks;
using PgListener.Subscriptions;

namespace PgListener.Durable.Streams;

/// <summary>The place of one stream at a tail: what the tail has read, and the stream has not taken yet. When that is too much, the stream loses its place, and reads the log by itself.</summary>
/// <param name="limits">How much it may hold. One page is always taken.</param>
internal sealed class Seat(QueueLimits limits)
{
    private readonly Lock _sync = new();
    private readonly Queue<StreamPage> _pages = [];
    private readonly Signal _signal = new();
    private readonly TaskCompletionSource<Boundary> _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _messages;
    private long _length;
    private bool _isLost;

    /// <summary>Completes when the tail has read everything up to a boundary, from which on this place gets what follows.</summary>
    public Task<Boundary> Taken => _taken.Task;

    /// <summary>The position of the first page that was too much.</summary>
    public LogPosition? LostAt { get; private set; }

    /// <summary>How much waits for the stream.</summary>
    public (int Messages, long Length) Fill
    {
        get
        {
            lock (_sync)
                return (_messages, _length);
        }
    }

    public void Take(Boundary boundary) => _taken.TrySetResult(boundary);

    /// <summary>Adds a page.</summary>
    /// <returns>Whether it was added; otherwise the place is lost.</returns>
    public bool TryAdd(StreamPage page)
    {
        lock (_sync)
        {
            var isTooMuch = _messages > 0 && (_messages + page.Page.Messages.Count > limits.Capacity || _length + page.Length > limits.CapacityBytes);
            if (isTooMuch && !_isLost)
                (_isLost, LostAt) = (true, page.ReadAt);
            if (!_isLost)
            {
                _pages.Enqueue(page);
                _messages += page.Page.Messages.Count;
                _length += page.Length;
            }

            _signal.Set();
            return !_isLost;
        }
    }

    /// <summary>Nothing follows.</summary>
    public void End()
    {
        lock (_sync)
            _isLost = true;
        _signal.Set();
    }

    /// <summary>Takes the next page, and waits for it.</summary>
    /// <returns><see langword="null"/> if the place is lost and all was taken.</returns>
    public async ValueTask<StreamPage?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_sync)
            {
                if (_pages.TryDequeue(out var page))
                {
                    _messages -= page.Page.Messages.Count;
                    _length -= page.Length;
                    return page;
                }

                if (_isLost)
                    return null;
            }

            await _signal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
