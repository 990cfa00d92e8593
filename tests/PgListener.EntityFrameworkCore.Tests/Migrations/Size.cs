namespace PgListener.EntityFrameworkCore.Tests.Migrations;

public sealed class Size
{
    public int Width { get; set; }

    public int Height { get; set; }
}
