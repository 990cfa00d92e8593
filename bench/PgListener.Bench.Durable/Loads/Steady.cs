using Npgsql;

namespace PgListener.Bench;

/// <summary>So many messages a second, until it is cancelled.</summary>
internal sealed record Steady(IMessaging Messaging, int PerSecond) : ILoad
{
    public MeterOrder Order => new() { IsOpen = true, IsShared = true };

    /// <summary>How many have been sent.</summary>
    public long Sent { get; private set; }

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var sender = await Messaging.OpenSenderAsync(dataSource, CancellationToken.None);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        try
        {
            for (Sent = 0; await timer.WaitForNextTickAsync(cancellationToken); Sent++)
                await sender.SendAsync(Sent + 1, 0, CancellationToken.None);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }
}
