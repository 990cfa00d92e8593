using Npgsql;
using PgListener;
using Samples;
using Worker;

var builder = Host.CreateApplicationBuilder(args);

// Without ConnectionStrings:Postgres the worker starts a PostgreSQL server, which is removed when it stops.
await using var throwAway = await ThrowAwayPostgres.StartIfNeededAsync(builder.Configuration);

builder.Services.AddDatabaseSetup<JobStore>(async (jobs, cancellationToken) =>
{
    await jobs.CreateTablesAsync(cancellationToken);
    if (throwAway is not null)
        await jobs.AddExamplesAsync(cancellationToken);
});

// Two channels, each with its own handler and queue, so many slow mails delay no report. The queues may be short and drop the rest, because one
// notification is as good as another, and ResyncAsync makes up for what was dropped.
builder.Services.AddPgListener()
    .AddHandler<Mails, JobHandler<Mails>>(handler => ShortQueue(handler, Mails.Parallelism))
    .AddHandler<Reports, JobHandler<Reports>>(handler => ShortQueue(handler, Reports.Parallelism));
builder.Services.AddHostedService<Rounds>();

builder.Services.AddSingleton(services => NpgsqlDataSource.Create(services.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!));
builder.Services.AddSingleton<JobStore>();

using var host = builder.Build();
throwAway.StartAgainWhenLost(host.Services);
try
{
    await host.RunAsync();
    return 0; // An ordinary stop. Unfinished jobs are still in the table.
}
catch (OperationCanceledException)
{
    return 0; // Told to stop while it was still starting.
}
catch (TimeoutException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1; // The listener did not listen within PgListener:StartupTimeout, if that is set. The supervisor of the process may start it again.
}

static void ShortQueue(HandlerOptions handler, int parallelism)
{
    handler.MaxConcurrency = parallelism;
    handler.FullQueueMode = FullQueueMode.Drop;
    handler.QueueCapacity = 100;
}
