namespace PgListener.Bench;

/// <summary>What a writer of rows does each time.</summary>
internal enum RowWork
{
    /// <summary>It inserts a row, in a transaction.</summary>
    Row,

    /// <summary>It inserts two rows into two tables, in a transaction.</summary>
    TwoRows,

    /// <summary>It inserts a row and publishes, in the same transaction.</summary>
    RowAndPublish,

    /// <summary>It inserts a row in a transaction, and publishes after that.</summary>
    RowThenPublish,

    /// <summary>It publishes only.</summary>
    PublishAlone,
}
