namespace PgListener.EntityFrameworkCore.Tests.Migrations;

public class Animal
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}
