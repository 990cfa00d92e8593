namespace PgListener.HybridCaching;

/// <summary>Tags with a meaning of their own.</summary>
internal static class Tag
{
    /// <summary>HybridCache takes it for the tag of all values.</summary>
    public const string All = "*";
}
