namespace PgListener.HybridCaching;

/// <summary>What is to be done with a key in the shared level.</summary>
internal enum RepairKind
{
    /// <summary>It is removed. Each instance hears of it, and removes it.</summary>
    Remove,

    /// <summary>It is removed, and the others are told, because this instance has written an old value.</summary>
    TakeBack,

    /// <summary>Another instance has removed it. If the value is nevertheless the one that this instance has written, it is taken back.</summary>
    Check,
}
