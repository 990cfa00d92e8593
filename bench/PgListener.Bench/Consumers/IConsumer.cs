namespace PgListener.Bench;

/// <summary>One way of getting notifications into a handler, which tells the <see cref="Meter"/> of each.</summary>
internal interface IConsumer : IAsyncDisposable
{
    /// <summary>Connects and begins to listen.</summary>
    Task StartAsync();
}
