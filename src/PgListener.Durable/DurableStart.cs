namespace PgListener;

/// <summary>Where a new subscription of a durable channel begins. A subscription that exists already continues where it was.</summary>
public enum DurableStart
{
    /// <summary>With the oldest message that the log still has.</summary>
    Earliest,

    /// <summary>With the first message that is committed after the subscription was created.</summary>
    Now,
}
