using Microsoft.Extensions.Hosting;

namespace PgListener;

/// <summary>Ties a listener's life to the host's.</summary>
internal sealed class PgListenerService(HostedListener listener, string sectionPath, TimeSpan? startupTimeout) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
        await listener.StartAsync().ConfigureAwait(false);
        if (startupTimeout is not { } limit)
            return;

        try
        {
            await listener.WaitUntilListeningAsync(cancellationToken).WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"The server did not listen within {sectionPath}:{nameof(PgListenerOptions.StartupTimeout)} ({limit:c}); the log says what it tried.", e);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await listener.Listener.StopAsync(cancellationToken).ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The listener works on tasks of its own; all there is to do here is to last as long as the host does.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        => await Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
