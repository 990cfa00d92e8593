namespace PgListener.HybridCaching;

/// <summary>The caller's factory, with what the inner cache does not pass on.</summary>
internal readonly struct Work<TState, T>(TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheCall call, CancellationToken cancellation)
{
    /// <summary>Reads the source.</summary>
    public ValueTask<T> RunAsync()
    {
        call.Run();
        return factory(state, cancellation);
    }
}
