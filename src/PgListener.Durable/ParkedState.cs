namespace PgListener;

/// <summary>What becomes of a message that has stepped aside.</summary>
public enum ParkedState
{
    /// <summary>It is attempted again, by itself.</summary>
    Retrying,

    /// <summary>It waits behind another message with the same key.</summary>
    Behind,

    /// <summary>It is a dead letter: nothing happens until it is requeued or deleted.</summary>
    Dead,
}
