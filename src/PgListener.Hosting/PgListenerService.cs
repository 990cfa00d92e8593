using Microsoft.Extensions.Hosting;
using PgListener.Registration;

namespace PgListener;

/// <summary>Starts and stops a listener with the host.</summary>
/// <param name="listener">The listener.</param>
/// <param name="unused">Warns, once for each application, about handlers that no listener runs.</param>
/// <param name="lifetime">Signals when the host is told to stop.</param>
/// <param name="sectionPath">The path of its settings, for messages.</param>
/// <param name="startupTimeout">How long the start waits until the server listens, if set.</param>
internal sealed class PgListenerService(HostedListener listener, UnusedHandlers unused, IHostApplicationLifetime? lifetime, string sectionPath, TimeSpan? startupTimeout)
    : IHostedLifecycleService
{
    /// <summary>Connects before any hosted service is started, so that each of them may wait for the listener, in any order of registration.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        unused.Warn(listener.Logger);
        listener.Start();
        return Task.CompletedTask;
    }

    /// <summary>Begins to call handlers, after the services that are registered before it have started.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener.Start(); // For applications that start hosted services by themselves.
        listener.Listener.Listen();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Waits until the server listens, if configured. An earlier wait would make the host fail when it is told to stop: it would go on to start the web server
    /// with a cancelled token.
    /// </summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (startupTimeout is not { } limit)
            return;

        try
        {
            await listener.WaitUntilListeningAsync(cancellationToken).WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"The server did not listen within {sectionPath}:{nameof(PgListenerOptions.StartupTimeout)} ({limit:c}); the log has the reason.", e);
        }
        catch (OperationCanceledException) when (lifetime?.ApplicationStopping.IsCancellationRequested == true)
        {
            // An ordinary stop follows.
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (listener.Feeds is { } feeds)
            await feeds.DisposeAsync().ConfigureAwait(false);
        await listener.Listener.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
