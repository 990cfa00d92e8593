namespace PgListener.Bench;

/// <summary>What a writer's transaction does besides inserting a business row.</summary>
internal enum TransactionKind
{
    /// <summary>Nothing.</summary>
    RowAlone,

    /// <summary>Inserts a row into a table with two indexes.</summary>
    AnotherRow,

    /// <summary>Inserts a row into such a table, and notifies.</summary>
    AnotherRowAndNotify,

    /// <summary>Publishes on a durable channel.</summary>
    Publish,
}
