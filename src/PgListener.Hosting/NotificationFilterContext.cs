using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>What a handler is called for, as an <see cref="INotificationFilter"/> sees it.</summary>
/// <remarks>
/// It does not change. What runs inside another attempt is given a context of its own, with that attempt's <see cref="Services"/> and <see cref="Attempt"/>, and the same
/// <see cref="Items"/>. It belongs to one call, and its members are not for several threads at a time.
/// </remarks>
public sealed class NotificationFilterContext
{
    private readonly NotificationFilterContext? _first;
    private Dictionary<object, object?>? _items;

    /// <summary>Creates a context, for a test of a filter for example.</summary>
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
        Resync = other.Resync;
        Services = services;
        Attempt = attempt;
    }

    /// <summary>The listener's name; empty for the one without a name.</summary>
    public string ListenerName { get; init; } = "";

    /// <summary>The channel's name on this listener, without its <see cref="ListenerOptions.ChannelPrefix"/>.</summary>
    public required string Channel { get; init; }

    /// <summary>What the handler is called in logs and metrics.</summary>
    public required string HandlerName { get; init; }

    /// <summary>The handler's class. <see langword="null"/> if only a delegate or a factory knows it. Of a decorated handler, the class that was added.</summary>
    public Type? HandlerType { get; init; }

    /// <summary>What the payload says, as the channel's type. <see langword="null"/> for a gap.</summary>
    public object? Value { get; init; }

    /// <summary>The payload as it was sent; empty for a gap. It is untrusted input.</summary>
    public string Payload { get; init; } = "";

    /// <summary>The process id of the server session that sent the notification; 0 for a gap.</summary>
    public int ProcessId { get; init; }

    /// <summary>The gap that the handler is told of. <see langword="null"/> for a notification.</summary>
    public Resync? Resync { get; init; }

    /// <summary>Which attempt of this call it is: 1 for the first, and one more for each further call of a filter's <c>next</c>.</summary>
    /// <remarks>A gap that failed is announced again in a call of its own, whose first attempt is 1 again.</remarks>
    public int Attempt { get; init; } = 1;

    /// <summary>The scope that those inside, the handler among them, are resolved in.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>What filters tell each other during one call, in all of its attempts. It is made when it is first asked for.</summary>
    public IDictionary<object, object?> Items => (_first ?? this)._items ??= [];

    /// <summary>What the payload says.</summary>
    /// <typeparam name="T">The channel's type, or one that it derives from.</typeparam>
    /// <returns>The value.</returns>
    /// <exception cref="InvalidOperationException">It is of another type, or this is a gap, which has none.</exception>
    public T GetValue<T>()
        => Value is T value
            ? value
            : throw new InvalidOperationException(
                Resync is null
                    ? $"The value for handler {HandlerName} on channel '{Channel.ReplaceLineEndings(" ")}' is of type {Value?.GetType().Name ?? "null"}, not {typeof(T).Name}. Ask with TryGetValue."
                    : $"Handler {HandlerName} on channel '{Channel.ReplaceLineEndings(" ")}' is told of a gap, which has no value. Ask with TryGetValue, or look at Resync first.");

    /// <summary>What the payload says, if it is of a type.</summary>
    /// <typeparam name="T">The channel's type, or one that it derives from.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns>Whether it is of that type; not for a gap, which has none.</returns>
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

    /// <summary>The same for another attempt.</summary>
    internal NotificationFilterContext Again(IServiceProvider services, int attempt) => new(this, services, attempt);
}
