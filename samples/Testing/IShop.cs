namespace Testing;

/// <summary>The running shop, and the actions of a test.</summary>
internal interface IShop : IAsyncDisposable
{
    HttpClient Client { get; }

    /// <summary>Completes when the shop has handled a number of orders.</summary>
    Task WhenHandledAsync(int orders);

    /// <summary>Adds an order without a notification.</summary>
    Task AddUnheardAsync(string product, int quantity);

    /// <summary>Ends the listener's connection. Completes when the handler has read again what it may have missed.</summary>
    Task LoseConnectionAsync(Func<Task> whileLost);
}
