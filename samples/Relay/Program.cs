using NATS.Client.Core;
using NATS.Client.JetStream;
using PgListener;
using Relay;
using Samples;

var builder = Host.CreateApplicationBuilder(args);

// Without ConnectionStrings:Postgres the relay starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddSingleton(_ => new NatsConnection(new NatsOpts
{
    Url = builder.Configuration["Nats"]!,
    RequestTimeout = TimeSpan.FromSeconds(2),
    ReconnectWaitMin = TimeSpan.FromMilliseconds(100),
    PublishTimeoutOnDisconnected = true, // While NATS is away, the message fails and is attempted again, instead of waiting in a buffer.
}));
builder.Services.AddSingleton<INatsJSContext>(services => new NatsJSContext(services.GetRequiredService<NatsConnection>()));
builder.Services.AddSingleton<RelayStream>();

builder.Services.AddPgListener()
    .AddDurableChannels(options => options.CreateSchema = true)
    .AddHandler<OrderPlaced, RelayHandler>(handler =>
    {
        handler.MaxConcurrency = 16; // Each message waits for its acknowledgement. Messages with the same key stay in order.
        handler.Durable.OnFailure = FailureMode.Block;
        handler.Durable.RetryDelay = TimeSpan.FromMilliseconds(100);
        handler.Durable.MaxRetryDelay = TimeSpan.FromSeconds(5);
    });

using var host = builder.Build();
throwAway.StartAgainWhenLost(host.Services);
try
{
    await host.RunAsync();
    return 0;
}
catch (OperationCanceledException)
{
    return 0; // Told to stop while it was still starting.
}
