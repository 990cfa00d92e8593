namespace PgListener;

/// <summary>Selects messages that have stepped aside. All conditions must hold.</summary>
public sealed record ParkedMessageFilter
{
    /// <summary>The subscription; <see langword="null"/> for all.</summary>
    public DurableSubscriptionName? Subscription { get; init; }

    /// <summary>What becomes of them; <see langword="null"/> for all.</summary>
    /// <value>The default is <see cref="ParkedState.Dead"/>.</value>
    public ParkedState? State { get; init; } = ParkedState.Dead;

    /// <summary>The type of the last error, as <see cref="ParkedMessage.ErrorType"/> has it; <see langword="null"/> for all.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The key; <see langword="null"/> for all.</summary>
    public string? Key { get; init; }

    /// <summary>The ids of the messages; <see langword="null"/> for all.</summary>
    public IReadOnlyCollection<long>? Ids { get; init; }
}
