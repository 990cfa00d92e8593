namespace PgListener.HybridCaching;

/// <summary>The caller's factory, with what the inner cache does not pass on.</summary>
internal readonly struct Work<TState, T>(TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheCall call, CancellationToken cancellation)
{
    /// <summary>Reads the source.</summary>
    /// <exception cref="OperationCanceledException">Its callers have given up, whatever the source makes of it. One that has joined since then reads again.</exception>
    public async ValueTask<T> RunAsync()
    {
        call.Run();
        try
        {
            return await factory(state, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("All callers have given up.", e, cancellation);
        }
    }
}
