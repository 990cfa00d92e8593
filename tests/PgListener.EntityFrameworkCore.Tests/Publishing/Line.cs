namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public sealed class Line
{
    public long Id { get; private set; }

    public long OrderId { get; private set; }

    public required string Text { get; set; }
}
