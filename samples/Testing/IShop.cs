namespace Testing;

/// <summary>The shop, running, and what a test does to it.</summary>
internal interface IShop : IAsyncDisposable
{
    HttpClient Client { get; }

    /// <summary>Completes when the shop has handled so many orders.</summary>
    Task WhenHandledAsync(int orders);

    /// <summary>Adds an order that is not told of.</summary>
    Task AddUnheardAsync(string product, int quantity);

    /// <summary>Ends the listener's connection. Completes when the handler has read again what it may have missed.</summary>
    Task LoseConnectionAsync(Func<Task> whileLost);
}
