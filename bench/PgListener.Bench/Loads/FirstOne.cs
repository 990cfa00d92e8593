using Npgsql;

namespace PgListener.Bench;

/// <summary>A notification every few milliseconds, until somebody has handled one.</summary>
internal sealed record FirstOne : ILoad
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    public MeterOrder Order => new();

    /// <param name="dataSource">The server.</param>
    /// <param name="cancellationToken">Ends the sending, which then completes.</param>
    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var probe = new NotifyProbe(dataSource, new());
        while (!cancellationToken.IsCancellationRequested)
        {
            await probe.SendAsync(CancellationToken.None);
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
