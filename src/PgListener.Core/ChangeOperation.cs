namespace PgListener;

/// <summary>What a statement did to the rows of a table.</summary>
public enum ChangeOperation
{
    /// <summary>Rows were inserted, by <c>INSERT</c>, <c>COPY</c> or <c>MERGE</c>.</summary>
    Insert,

    /// <summary>Rows were updated.</summary>
    Update,

    /// <summary>Rows were deleted.</summary>
    Delete,
}
