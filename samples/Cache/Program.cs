using Cache;
using Microsoft.Extensions.Caching.Hybrid;
using Npgsql;
using Samples;

var builder = WebApplication.CreateBuilder(args);

// Without ConnectionStrings:Postgres the sample starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddDatabaseSetup<ProductStore>((store, cancellationToken) => store.CreateTableAsync(cancellationToken));
builder.Services.AddPgListener()
    .AddChangeFeed<Product>(ProductStore.Feed)
    .InvalidateHybridCache<Product>(key => $"product:{key}");

// While the listener is not listening, nothing is answered from memory. The default answers from it for 30 seconds, which spares the database in an outage.
builder.Services.AddPgListenerCoherence(cache => cache.MaxOutage = TimeSpan.Zero);
builder.Services.AddHealthChecks().AddPgListener();

builder.Services.AddSingleton(services => NpgsqlDataSource.Create(services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!));
builder.Services.AddSingleton<ProductStore>();

var app = builder.Build();
throwAway.StartAgainWhenLost(app.Services);

app.MapGet("/products/{id:long}", async (long id, HybridCache cache, ProductStore store, HttpResponse response, CancellationToken cancellationToken) =>
{
    var source = "hit";
    var product = await cache.GetOrCreateAsync(
        $"product:{id}",
        async token =>
        {
            source = "miss";
            return await store.FindAsync(id, token);
        },
        cancellationToken: cancellationToken);
    response.Headers["X-Cache"] = source;
    return product is null ? Results.NotFound() : Results.Ok(product);
});
app.MapHealthChecks("/health");
await app.RunAsync();
