namespace PgListener.EntityFrameworkCore.Tests.Migrations;

public sealed class Product
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public decimal Price { get; set; }

    public Size? Size { get; set; }
}
