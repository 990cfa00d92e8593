namespace PgListener.Durable.Membership;

/// <summary>Keeps the log while this session holds the lock for that.</summary>
/// <param name="keep">Keeps it until it is cancelled, and never fails; <see langword="null"/> if this process does not.</param>
/// <param name="cluster">The cluster.</param>
internal sealed class KeeperTurn(Func<Cluster, CancellationToken, Task>? keep, Cluster cluster) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private Task? _keeping;

    /// <summary>Adds its part to a look.</summary>
    public void Ask(LookRequest request, bool isStopping)
    {
        if (keep is not null && _keeping is null && !isStopping)
            request.Take.Add(AdvisoryKey.Keeper);
        if (isStopping)
            _end.Cancel();
    }

    /// <summary>Takes its part of a look's answer.</summary>
    public void Apply(LookAnswer answer)
    {
        if (keep is not null && _keeping is null && answer.Taken.Contains(AdvisoryKey.Keeper))
            _keeping = Task.Run(() => keep(cluster, _end.Token), CancellationToken.None);
    }

    /// <summary>Ends it. The lock is released with the session.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await (_keeping ?? Task.CompletedTask).ConfigureAwait(false);
    }

    public void Dispose() => _end.Dispose();
}
