namespace PgListener.Dashboard;

/// <summary>Lets callers at about the same time share one result. A result is never older than a call: one that is already being computed is only for earlier callers.</summary>
/// <param name="answer">Computes the result, on a thread of the pool, one at a time.</param>
internal sealed class SharedAnswer<T>(Func<T> answer)
{
    private readonly Lock _sync = new();
    private Task<T>? _running;
    private Task<T>? _next;

    public Task<T> GetAsync()
    {
        lock (_sync)
        {
            if (_next is not null)
                return _next;
            return _running is { IsCompleted: false } running ? _next = AfterAsync(running) : _running = Task.Run(answer);
        }
    }

    private async Task<T> AfterAsync(Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_sync)
        {
            _running = _next;
            _next = null;
        }

        return answer();
    }
}
