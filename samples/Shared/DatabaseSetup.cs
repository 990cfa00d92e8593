namespace Samples;

/// <summary>
/// Creates a sample's tables: before anything else starts if the database is available, and otherwise as soon as it is. The sample starts in
/// either case, as its listener does.
/// </summary>
internal sealed partial class DatabaseSetup(Func<CancellationToken, Task> createTables, ILogger<DatabaseSetup> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryAsync(cancellationToken))
            await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(stoppingToken) && !await TryAsync(stoppingToken))
        {
            // The failure was logged, and the next attempt follows.
        }
    }

    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await createTables(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or TimeoutException)
        {
            TryingAgain(e.Message);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The tables cannot be created yet, trying again every second: {Reason}")]
    private partial void TryingAgain(string reason);
}

internal static class DatabaseSetupExtensions
{
    /// <summary>Call it before adding the listener, which starts the handlers that need the tables.</summary>
    public static void AddDatabaseSetup<TStore>(this IServiceCollection services, Func<TStore, CancellationToken, Task> createTables)
        where TStore : class
        => services.AddHostedService(provider => new DatabaseSetup(
            cancellationToken => createTables(provider.GetRequiredService<TStore>(), cancellationToken), provider.GetRequiredService<ILogger<DatabaseSetup>>()));
}
