namespace PgListener.Registration;

/// <summary>The calls of a handler of a durable channel: payload, scope, filters and handler.</summary>
/// <param name="HandleAsync">Handles a message with a payload.</param>
/// <param name="OnResync">Announces a gap; <see langword="null"/> if the handler does not ask for it.</param>
internal sealed record MessageHandler(Func<DurableMessage, string, CancellationToken, Task> HandleAsync, ResyncCallback? OnResync);
