using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Chaos.Readers.Handlers;

namespace PgListener.Durable.Chaos.Readers;

/// <summary>The reader's role: an application with all handlers, until it is told to stop or the checker is gone.</summary>
internal static class ReaderProgram
{
    /// <summary>The environment variable with the connection string.</summary>
    public const string Variable = "PGLISTENER_CHAOS_DB";

    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);

    /// <summary>Runs it.</summary>
    public static async Task RunAsync(string name)
    {
        var connectionString = Environment.GetEnvironmentVariable(Variable)!;
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTime);
        builder.Services.AddSingleton(NpgsqlDataSource.Create(connectionString)).AddSingleton(services => new EffectTable(services.GetRequiredService<NpgsqlDataSource>(), name));
        AddHandlers(builder.Services.AddPgListener(options => options.ConnectionString = connectionString).AddDurableChannels(options => options.SessionTimeout = Settings.SessionTimeout));
        using var host = builder.Build();
        await host.StartAsync();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        new Thread(() => StopWithParent(lifetime)) { IsBackground = true }.Start();
        var stalls = new StallWatch(connectionString, name).RunAsync(lifetime.ApplicationStopped);
        await host.WaitForShutdownAsync(CancellationToken.None);
        await stalls;
    }

    private static void AddHandlers(PgListenerBuilder listener) => listener
        .AddHandler<Deposit, RecordingHandler>(options => options.Durable.Shards = Settings.Shards)
        .AddHandler<Deposit, ConcurrentHandler>(options => (options.MaxConcurrency, options.Durable.Shards) = (4, 2))
        .AddHandler<Deposit, BlockingHandler>(options => Fails(options, FailureMode.Block))
        .AddHandler<Deposit, KeyParkingHandler>(options => Fails(options, FailureMode.ParkKey))
        .AddHandler<Deposit, ParkingHandler>(options => Fails(options, FailureMode.Park))
        .AddHandler<Deposit, TransactionHandler>(options => Fails(options, FailureMode.ParkKey))
        .AddHandler<Deposit, ConcurrentTransactionHandler>(options =>
        {
            options.MaxConcurrency = 4;
            Fails(options, FailureMode.ParkKey);
        });

    /// <summary>So that nothing becomes a dead letter, and everything is over soon.</summary>
    private static void Fails(HostedHandlerOptions options, FailureMode mode)
        => (options.Durable.OnFailure, options.Durable.MaxAttempts, options.Durable.RetryDelay, options.Durable.MaxRetryDelay)
            = (mode, 1_000, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1));

    /// <summary>The checker holds the standard input open as long as it lives.</summary>
    private static void StopWithParent(IHostApplicationLifetime lifetime)
    {
        Console.In.ReadToEnd();
        lifetime.StopApplication();
    }
}
