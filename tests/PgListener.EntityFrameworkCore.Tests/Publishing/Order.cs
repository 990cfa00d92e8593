namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public sealed class Order
{
    public long Id { get; private set; }

    /// <summary>Unique, and checked only at the commit.</summary>
    public required string Product { get; set; }

    /// <summary>Computed by the database.</summary>
    public int Length { get; private set; }

    public uint Version { get; private set; }

    public IList<Line> Lines { get; } = [];
}
