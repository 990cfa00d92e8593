namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>A value that waits in a context.</summary>
internal abstract class QueuedValue
{
    /// <summary>The transaction that it was sent in: its identifier, or an ambient transaction itself. It is sent again if that one is over, and was not committed.</summary>
    public object? SentIn { get; set; }

    /// <summary>Whether it can be made only when the changes are written.</summary>
    public abstract bool IsLate { get; }

    /// <summary>Adds it to the batch of its channel.</summary>
    /// <param name="batches">The batches, one for each channel.</param>
    public abstract void AddTo(List<ChannelBatch> batches);
}
