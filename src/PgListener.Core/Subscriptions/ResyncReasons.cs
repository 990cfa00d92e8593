namespace PgListener.Subscriptions;

/// <summary>What the reasons of a <see cref="Resync"/> mean for statistics.</summary>
internal static class ResyncReasons
{
    /// <summary>Whether something may have been missed. A start and <see cref="ResyncReason.Everything"/> are announced like it, but count as no gap.</summary>
    public static bool IsLoss(ResyncReason reason) => reason is not (ResyncReason.Started or ResyncReason.Everything);
}
