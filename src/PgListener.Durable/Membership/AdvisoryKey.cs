namespace PgListener.Durable.Membership;

/// <summary>The keys of the advisory locks, by which the instances of the application share the shards.</summary>
internal static class AdvisoryKey
{
    /// <summary>The upper 24 bits of each key, so that they are not those of other users of advisory locks.</summary>
    public const long Prefix = 0x50674C;

    /// <summary>The slot that each instance holds in shared mode, beside those of the shards, which are held alone.</summary>
    public const int MemberSlot = 256;

    /// <summary>The slot that an operation holds alone, so that there is one at a time for each subscription.</summary>
    public const int OperationSlot = 257;

    /// <summary>The bits of a key that the slot has.</summary>
    public const int SlotBits = 9;

    private const int SubscriptionBits = 31;

    /// <summary>The lock of the instance that keeps the log. There is no subscription with the number 0.</summary>
    public const long Keeper = (Prefix << (SlotBits + SubscriptionBits)) | 510;

    public static long Of(int subscription, int slot) => (Prefix << (SlotBits + SubscriptionBits)) | ((long)subscription << SlotBits) | (uint)slot;

    public static (int Subscription, int Slot) Parse(long key) => ((int)((key >> SlotBits) & int.MaxValue), (int)(key & ((1 << SlotBits) - 1)));
}
