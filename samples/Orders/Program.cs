using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;
using Orders;
using PgListener;
using Samples;

var builder = WebApplication.CreateBuilder(args);

// Without ConnectionStrings:Postgres the sample starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddDbContextPool<ShopDb>((services, options) => options.UseNpgsql(services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")).UsePgListener());
builder.Services.AddSingleton<Tables>();
builder.Services.AddDatabaseSetup<Tables>((tables, cancellationToken) => tables.CreateAsync(cancellationToken));

builder.Services.AddPgListener()
    .AddDurableChannels(options => options.CreateSchema = true)
    .AddHandler<OrderPlaced, BillingHandler>(handler => handler.Durable.Shards = 4)
    .AddHandler<OrderPlaced, MailHandler>(handler =>
    {
        handler.Durable.Shards = 4;
        handler.Durable.OnFailure = FailureMode.Park; // One bad address delays no other mail.
        handler.Durable.MaxAttempts = 3;
    });
builder.Services.AddSingleton<AddressBook>();
builder.Services.AddHealthChecks().AddPgListener();

// For the status page: who may see it, and who may act on it.
builder.Services.AddAuthentication(LocalUser.Name).AddScheme<AuthenticationSchemeOptions, LocalUser>(LocalUser.Name, configureOptions: null);
builder.Services.AddAuthorizationBuilder().AddPolicy("operators", policy => policy.RequireAuthenticatedUser());
builder.Services.AddAntiforgery();

var app = builder.Build();
throwAway.StartAgainWhenLost(app.Services);

// The order and its message are committed together, or neither is.
app.MapPost("/orders", async (PlaceOrder order, ShopDb db, CancellationToken cancellationToken) =>
{
    var placed = db.Orders.Add(new() { Customer = order.Customer, Total = order.Total }).Entity;
    db.PublishAfterSave(() => new OrderPlaced(placed.Id, placed.Customer, placed.Total));
    await db.SaveChangesAsync(cancellationToken);
    return Results.Created($"/orders/{placed.Id}", placed);
});

app.MapGet("/", async (ShopDb db, CancellationToken cancellationToken) => new Overview(
    await db.Orders.CountAsync(cancellationToken),
    await db.Invoices.CountAsync(cancellationToken),
    await db.Invoices.GroupBy(invoice => invoice.OrderId).CountAsync(group => group.Count() > 1, cancellationToken),
    await db.Invoices.GroupBy(invoice => invoice.By).Select(group => new Share(group.Key, group.Count())).ToListAsync(cancellationToken)));
app.MapPut("/addresses/{customer}", (string customer, AddressBook addresses) => addresses.Add(customer));
app.MapHealthChecks("/health");
app.MapPgListener("/pg-listener", page => page.ActionsPolicy = "operators").RequireAuthorization();
try
{
    await app.RunAsync();
    return 0;
}
catch (OperationCanceledException)
{
    return 0; // Told to stop while it was still starting.
}
