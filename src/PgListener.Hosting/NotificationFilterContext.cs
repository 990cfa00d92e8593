using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>The call of a handler that an <see cref="INotificationFilter"/> runs around: the notification or gap, the handler, and the scope.</summary>
/// <remarks>
/// The properties do not change. In each further attempt, inner filters get a context of its own, with that attempt's <see cref="Services"/> and <see cref="Attempt"/>, and the same
/// <see cref="Items"/>. A context belongs to one call, and is not thread-safe.
/// </remarks>
public sealed class NotificationFilterContext
{
    private readonly NotificationFilterContext? _first;
    private Dictionary<object, object?>? _items;

    /// <summary>Creates a context, for a test of a filter.</summary>
    public NotificationFilterContext()
    {
    }

    [SetsRequiredMembers]
    private NotificationFilterContext(NotificationFilterContext other, IServiceProvider services, int attempt)
    {
        _first = other._first ?? other;
        ListenerName = other.ListenerName;
        Channel = other.Channel;
        HandlerName = other.HandlerName;
        HandlerType = other.HandlerType;
        Value = other.Value;
        Payload = other.Payload;
        ProcessId = other.ProcessId;
        Message = other.Message;
        Resync = other.Resync;
        Services = services;
        Attempt = attempt;
    }

    /// <summary>The listener's name; empty for the listener without a name.</summary>
    public string ListenerName { get; init; } = "";

    /// <summary>The channel's name, without the listener's <see cref="ListenerOptions.ChannelPrefix"/>.</summary>
    public required string Channel { get; init; }

    /// <summary>The handler's name in logs and metrics.</summary>
    public required string HandlerName { get; init; }

    /// <summary>The handler's class; <see langword="null"/> for a delegate, and for a registration with a factory. For a decorated handler, the class that was added.</summary>
    public Type? HandlerType { get; init; }

    /// <summary>The value that the payload was read into; <see langword="null"/> for a gap.</summary>
    public object? Value { get; init; }

    /// <summary>The payload as it was sent; empty for a gap. It is untrusted input.</summary>
    public string Payload { get; init; } = "";

    /// <summary>The process id of the server session that sent the notification; 0 for a gap.</summary>
    public int ProcessId { get; init; }

    /// <summary>What a durable channel knows of the message; <see langword="null"/> on other channels, and for a gap.</summary>
    public DurableMessage? Message { get; init; }

    /// <summary>The gap that the handler is called for; <see langword="null"/> for a notification.</summary>
    public Resync? Resync { get; init; }

    /// <summary>The number of this attempt: 1 for the first, and one more for each further call of a filter's <c>next</c>.</summary>
    /// <remarks>When a call for a gap has failed, the gap is announced again in a new call, which begins with attempt 1.</remarks>
    public int Attempt { get; init; } = 1;

    /// <summary>The services of the scope that inner filters and the handler are resolved in.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>Values that filters share during one call, in all of its attempts. Created on first use.</summary>
    public IDictionary<object, object?> Items => (_first ?? this)._items ??= [];

    /// <summary>Gets the value that the payload was read into.</summary>
    /// <typeparam name="T">The channel's type, or one that it derives from.</typeparam>
    /// <returns>The value.</returns>
    /// <exception cref="InvalidOperationException">The value is of another type, or this is a gap, which has none.</exception>
    public T GetValue<T>()
        => Value is T value
            ? value
            : throw new InvalidOperationException(
                Resync is null
                    ? $"The value for handler {HandlerName} on channel '{Channel.ReplaceLineEndings(" ")}' is of type {Value?.GetType().Name ?? "null"}, not {typeof(T).Name}. Use TryGetValue."
                    : $"Handler {HandlerName} on channel '{Channel.ReplaceLineEndings(" ")}' is called for a gap, which has no value. Use TryGetValue, or check Resync first.");

    /// <summary>Gets the value that the payload was read into, if it is of a type.</summary>
    /// <typeparam name="T">The channel's type, or one that it derives from.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns><see langword="true"/> if it is of that type; <see langword="false"/> otherwise, and for a gap, which has no value.</returns>
    public bool TryGetValue<T>([MaybeNullWhen(false)] out T value)
    {
        if (Value is T typed)
        {
            value = typed;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>Creates the context of a further attempt.</summary>
    internal NotificationFilterContext Again(IServiceProvider services, int attempt) => new(this, services, attempt);
}
