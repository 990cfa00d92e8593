namespace PgListener.Publishing;

/// <summary>A connection or transaction of the caller's, to publish on.</summary>
internal interface ICallerConnection
{
    /// <summary>The server as <c>host:port</c>, if it is known.</summary>
    string? Server { get; }

    /// <summary>Finds out whether it can notify, before the server sees anything.</summary>
    /// <exception cref="InvalidOperationException">It cannot.</exception>
    ValueTask CheckAsync(CancellationToken cancellationToken);

    /// <summary>Sends notifications, as part of the transaction that is in progress there, if there is one.</summary>
    Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken);
}
