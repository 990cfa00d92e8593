namespace PgListener.Registration;

/// <summary>Disposes, at the end of a scope, of the handlers that were created in it without the container.</summary>
internal sealed class OwnedHandlers : IAsyncDisposable, IDisposable
{
    private readonly List<object> _handlers = [];

    public void Add(object handler) => _handlers.Add(handler);

    public async ValueTask DisposeAsync()
    {
        foreach (var handler in Taken())
        {
            if (handler is IAsyncDisposable disposable)
                await disposable.DisposeAsync().ConfigureAwait(false);
            else
                ((IDisposable)handler).Dispose();
        }
    }

    /// <summary>For a scope that is disposed of synchronously. As with the container, a handler that can only be disposed of asynchronously is an error.</summary>
    public void Dispose()
    {
        foreach (var handler in Taken())
            ((IDisposable)handler).Dispose();
    }

    private object[] Taken()
    {
        object[] taken = [.. Enumerable.Reverse(_handlers)];
        _handlers.Clear();
        return taken;
    }
}
