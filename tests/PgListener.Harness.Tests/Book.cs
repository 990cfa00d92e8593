using System.Collections.Concurrent;

namespace PgListener.Harness.Tests;

/// <summary>What the handlers of one application have seen, and what a test has them do. A singleton of that application.</summary>
public sealed class Book
{
    private readonly ConcurrentQueue<string> _lines = [];

    /// <summary>What has happened, in its order.</summary>
    public string[] Lines => [.. _lines];

    /// <summary>What handlers do for an order.</summary>
    public Func<OrderPlaced, CancellationToken, Task> OnOrder { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>What handlers do for a gap.</summary>
    public Func<Resync, CancellationToken, Task> OnResync { get; set; } = static (_, _) => Task.CompletedTask;

    public void Write(string line) => _lines.Enqueue(line);
}
