namespace PgListener;

/// <summary>Identifies a subscription of a durable channel.</summary>
/// <param name="Channel">The channel's name, without the listener's prefix.</param>
/// <param name="Handler">The handler's name.</param>
/// <param name="Instance">The instance of the application whose own subscription it is (<see cref="DurableMode.PerInstance"/>); empty if all instances share it.</param>
public sealed record DurableSubscriptionName(string Channel, string Handler, string Instance = "")
{
    /// <summary>The name, to be shown to people.</summary>
    /// <returns>For example <c>'BillingHandler' on 'order_placed'</c>.</returns>
    public override string ToString() => Instance.Length == 0 ? $"'{Handler}' on '{Channel}'" : $"'{Handler}' on '{Channel}' of {Instance}";
}
