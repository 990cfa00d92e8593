namespace PgListener.HybridCaching;

/// <summary>What the code that uses the levels of the cache is doing.</summary>
internal enum CallKind
{
    /// <summary>It gets a value, and stores what it has read.</summary>
    Get,

    /// <summary>It stores a value of the application.</summary>
    Set,

    /// <summary>It removes a tag, and records that in the shared level.</summary>
    RemoveTag,

    /// <summary>It applies what another instance has removed, and has recorded.</summary>
    Apply,
}
