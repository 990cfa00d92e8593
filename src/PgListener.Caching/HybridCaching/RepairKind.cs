namespace PgListener.HybridCaching;

/// <summary>What is to be done in the shared level.</summary>
internal enum RepairKind
{
    /// <summary>The removal of a tag is recorded there.</summary>
    Tag,

    /// <summary>A key is removed. Each instance hears of it, and removes it.</summary>
    Remove,

    /// <summary>A key is removed, and the others are told, because this instance has written an old value.</summary>
    TakeBack,

    /// <summary>Another instance has removed a key. If the value is nevertheless the one that this instance had written before, it is taken back.</summary>
    Check,
}
