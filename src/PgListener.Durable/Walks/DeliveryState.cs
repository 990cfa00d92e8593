namespace PgListener.Durable.Walks;

/// <summary>How far a message is on its way to the handler.</summary>
internal enum DeliveryState
{
    /// <summary>It waits for the handler, or is being handled.</summary>
    Pending,

    /// <summary>It steps aside: a copy is to be written together with the next move of the position.</summary>
    Parked,

    /// <summary>It was handled, or its copy was written.</summary>
    Done,
}
