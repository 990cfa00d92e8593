using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Dashboard.DurableChannels;

namespace PgListener.Dashboard;

/// <summary>The state that all pages of an application share: the timeline, one reading a second for all streams, and one for all requests at the same time.</summary>
internal sealed class ApplicationStatus
{
    private static readonly ConditionalWeakTable<IServiceProvider, ApplicationStatus> Applications = [];

    private readonly SharedAnswer<ReadOnlyMemory<byte>> _document;

    private ApplicationStatus(IServiceProvider services)
    {
        Logger = services.GetService<ILoggerFactory>()?.CreateLogger("PgListener") ?? NullLogger.Instance;
        var lifetime = services.GetService<IHostApplicationLifetime>();
        Stopping = lifetime?.ApplicationStopping ?? CancellationToken.None;
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        Durable = new(services, time, Logger, Stopping);
        var sampler = new StatusSampler(services, Durable, time, Logger, Stopping);
        Feed = new(sampler, time);
        _document = new(() => JsonSerializer.SerializeToUtf8Bytes(sampler.Read(), DashboardJson.Default.StatusDocument));

        // Not earlier, because that would create the listeners, and read their settings, before the host starts.
        lifetime?.ApplicationStarted.Register(sampler.Start);
    }

    public ILogger Logger { get; }

    /// <summary>The host begins to stop.</summary>
    public CancellationToken Stopping { get; }

    public StatusFeed Feed { get; }

    public DurableSampler Durable { get; }

    public static ApplicationStatus Of(IServiceProvider services) => Applications.GetValue(services, static services => new(services));

    /// <summary>Everything that is known now, as JSON. The durable channels are read before, unless that was done a moment ago.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync()
    {
        await Durable.RefreshAsync().ConfigureAwait(false);
        return await _document.GetAsync().ConfigureAwait(false);
    }
}
