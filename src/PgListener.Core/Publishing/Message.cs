namespace PgListener.Publishing;

/// <summary>What one call publishes: all of it in the same transaction.</summary>
/// <param name="Notifications">Its notifications, in their order.</param>
/// <param name="CanBeMerged">Whether nothing can be added to the payloads to make equal ones distinct.</param>
internal readonly record struct Message(Outgoing[] Notifications, bool CanBeMerged)
{
    public bool HasDuplicates => Notifications.Length > 1 && new HashSet<Outgoing>(Notifications).Count < Notifications.Length;
}
