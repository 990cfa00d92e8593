using Samples;
using WebApi;
using WebApi.Orders;
using WebApi.Sales;

var builder = WebApplication.CreateBuilder(args);

// Without ConnectionStrings:Postgres the shop starts a PostgreSQL server, which is removed when the shop stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

// The listener connects to ConnectionStrings:Postgres; its other settings are in the section "PgListener".
// The live page reads a durable channel, whose schema the shop creates, as it does its tables.
builder.Services.AddPgListener()
    .AddDurableChannels(options => options.CreateSchema = true)
    .AddHandler<OrderPlaced, SalesHandler>();
builder.Services.AddHealthChecks().AddPgListener(tags: ["ready"]);
builder.AddTelemetry();

builder.Services.AddShopDatabase();
builder.Services.AddScoped<IOrderStore, OrderStore>();
builder.Services.AddSingleton<SalesBoard>();
builder.Services.AddSingleton<LiveStatus>();
builder.Services.AddSingleton<OrderStream>();

builder.Services.AddValidation();
builder.Services.AddProblems();
builder.Services.AddOpenApi();

var app = builder.Build();
throwAway.StartAgainWhenLost(app.Services);

app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseKnownEncodings();
app.UseFileServer();

app.MapOrders();
app.MapStatus();

// The status page. It is open in Development only; elsewhere it is refused until .RequireAuthorization()
// or .AllowAnonymous() says who may see it.
app.MapPgListener("/pg-listener");
app.MapOpenApi();

app.AnnounceAddress();
await app.RunAsync();
