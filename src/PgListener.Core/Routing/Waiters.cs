namespace PgListener.Routing;

/// <summary>The waits for the server to confirm an edit of one channel. Used under the lock of <see cref="Routes"/>.</summary>
internal sealed class Waiters
{
    /// <summary>The oldest one. A chain, because nearly always there is one at most, and there may be very many channels.</summary>
    private Waiter? _first;
    private Waiter? _last;

    /// <summary>Completes when the server has confirmed the given edit, or a later one.</summary>
    /// <param name="version">The edit.</param>
    /// <param name="sent">The latest edit that was sent to the server. All later ones are sent together, and share one wait.</param>
    public Task WhenSettledAsync(long version, long sent)
    {
        if (_last is { } last && last.Version > sent)
        {
            last.Version = version;
            return last.Task;
        }

        var waiter = new Waiter { Version = version };
        if (_last is null)
            _first = waiter;
        else
            _last.Next = waiter;
        _last = waiter;
        return waiter.Task;
    }

    /// <summary>The server has confirmed the given edit, and with it all earlier ones.</summary>
    public void Settle(long version)
    {
        while (TryTake(version) is { } waiter)
            waiter.TrySetResult();
    }

    /// <summary>The server will not confirm the given edit and the earlier ones.</summary>
    public void Fail(long version, Exception error)
    {
        while (TryTake(version) is { } waiter)
        {
            if (waiter.TrySetException(error))
                _ = waiter.Task.Exception; // Nothing waits for an edit that was made while the listener was stopped.
        }
    }

    /// <summary>Takes the oldest one, if it waits for the given edit or an earlier one.</summary>
    private Waiter? TryTake(long version)
    {
        if (_first is not { } first || first.Version > version)
            return null;

        _first = first.Next;
        if (_first is null)
            _last = null;
        return first;
    }

    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Version { get; set; }

        public Waiter? Next { get; set; }
    }
}
