namespace PgListener.Routing;

/// <summary>The waits for the server to confirm an edit of one channel. Used under the lock of <see cref="Routes"/>.</summary>
internal sealed class Waiters
{
    private readonly List<(long Version, TaskCompletionSource Source)> _waiting = [];

    /// <summary>Completes when the server has confirmed the given edit, or a later one.</summary>
    /// <param name="version">The edit.</param>
    /// <param name="sent">The latest edit that was sent to the server. All later ones are sent together, and share one wait.</param>
    public Task WhenSettledAsync(long version, long sent)
    {
        if (_waiting.Count > 0 && _waiting[^1] is var last && last.Version > sent)
        {
            _waiting[^1] = (version, last.Source);
            return last.Source.Task;
        }

        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((version, source));
        return source.Task;
    }

    /// <summary>The server has confirmed the given edit, and with it all earlier ones.</summary>
    public void Settle(long version)
    {
        foreach (var source in Take(version))
            source.TrySetResult();
    }

    /// <summary>The server will not confirm the given edit and the earlier ones.</summary>
    public void Fail(long version, Exception error)
    {
        foreach (var source in Take(version))
        {
            if (source.TrySetException(error))
                _ = source.Task.Exception; // Nothing waits for an edit that was made while the listener was stopped.
        }
    }

    private TaskCompletionSource[] Take(long version)
    {
        if (_waiting.Count == 0)
            return [];

        var taken = _waiting.Where(entry => entry.Version <= version).Select(entry => entry.Source).ToArray();
        _waiting.RemoveAll(entry => entry.Version <= version);
        return taken;
    }
}
