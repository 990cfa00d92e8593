using Microsoft.Extensions.Hosting;

namespace PgListener.Durable.Registration;

/// <summary>Starts and stops the durable channels of a listener with the host.</summary>
internal sealed class DurableService(DurableRuntime runtime) : IHostedLifecycleService
{
    /// <summary>Creates the schema, if that is configured, before any other service may publish.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) => runtime.CreateSchemaAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        runtime.Start();
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => runtime.StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
