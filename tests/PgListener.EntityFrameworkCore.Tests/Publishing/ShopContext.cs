using Microsoft.EntityFrameworkCore;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public class ShopContext(DbContextOptions options) : DbContext(options)
{
    public const string Tables = """
        create table orders
        (
            id bigint primary key generated always as identity,
            product text not null unique deferrable initially deferred,
            length integer not null generated always as (length(product)) stored
        );
        create table lines (id bigint primary key generated always as identity, order_id bigint not null references orders, text text not null check (text <> ''));
        """;

    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var order = modelBuilder.Entity<Order>().ToTable("orders");
        order.Property(o => o.Id).HasColumnName("id");
        order.Property(o => o.Product).HasColumnName("product");
        order.Property(o => o.Length).HasColumnName("length").HasComputedColumnSql("length(product)", stored: true);
        order.Property(o => o.Version).IsRowVersion();
        var line = modelBuilder.Entity<Line>().ToTable("lines");
        line.Property(l => l.Id).HasColumnName("id");
        line.Property(l => l.OrderId).HasColumnName("order_id");
        line.Property(l => l.Text).HasColumnName("text");
    }
}
