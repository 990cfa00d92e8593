namespace PgListener.Bench;

/// <summary>What a statement does to the rows.</summary>
internal enum Write
{
    Insert,

    /// <summary>It changes a column that is watched.</summary>
    Update,

    /// <summary>It changes another one.</summary>
    UpdateOther,

    Delete,
}
