using Cache;
using Npgsql;
using PgListener;
using Samples;

var builder = WebApplication.CreateBuilder(args);

// Without ConnectionStrings:Postgres the sample starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddDatabaseSetup<ProductStore>((store, cancellationToken) => store.CreateTableAsync(cancellationToken));
builder.Services.AddPgListener()
    .AddHandler<ProductChanged, Invalidation>(handler =>
    {
        // If a million rows are updated, dropping the notifications is cheaper than handling them, and loses nothing:
        // the overflow is announced, and clears the whole cache.
        handler.FullQueueMode = FullQueueMode.Drop;
        handler.QueueCapacity = 1000;
    });
builder.Services.AddHealthChecks().AddPgListener();

builder.Services.AddSingleton(services => NpgsqlDataSource.Create(services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!));
builder.Services.AddSingleton<ProductStore>();
builder.Services.AddSingleton<ProductCache>();

var app = builder.Build();
throwAway.StartAgainWhenLost(app.Services);

app.MapGet("/products/{id:long}", async (long id, ProductCache cache, ProductStore store, HttpResponse response) =>
{
    var (product, source) = await cache.GetAsync(id, store.FindAsync);
    response.Headers["X-Cache"] = source;
    return product is null ? Results.NotFound() : Results.Ok(product);
});
app.MapHealthChecks("/health");
await app.RunAsync();
