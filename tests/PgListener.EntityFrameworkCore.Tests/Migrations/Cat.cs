namespace PgListener.EntityFrameworkCore.Tests.Migrations;

public class Cat : Animal
{
    public int Lives { get; set; }
}
