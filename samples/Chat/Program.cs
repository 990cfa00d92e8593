using Chat;
using Npgsql;
using Samples;

var builder = WebApplication.CreateBuilder(args);

// Without ConnectionStrings:Postgres the chat starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddDatabaseSetup<ChatStore>((store, cancellationToken) => store.CreateTableAsync(cancellationToken));

// The backplane: the handler of every instance gets each message, whichever instance wrote it, and passes it on to its own clients.
builder.Services.AddPgListener()
    .AddHandler<ChatMessage, Broadcast>();
builder.Services.AddHealthChecks().AddPgListener();

builder.Services.AddSignalR();
builder.Services.AddSingleton(services => NpgsqlDataSource.Create(services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!));
builder.Services.AddSingleton<ChatStore>();

var app = builder.Build();
throwAway.StartAgainWhenLost(app.Services);

app.UseFileServer();
app.MapHub<ChatHub>("/chat");
app.MapHealthChecks("/health");
await app.RunAsync();
