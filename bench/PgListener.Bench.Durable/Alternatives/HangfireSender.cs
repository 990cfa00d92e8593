using Hangfire;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Bench;

/// <summary>An application that enqueues jobs with Hangfire, whose calls block.</summary>
internal sealed class HangfireSender : IMessageSender
{
    // A call holds a connection while it takes a second one; as many calls as connections would wait for each other until they fail.
    private readonly SemaphoreSlim _calls = new(SenderPool.Size / 4);
    private readonly ServiceProvider _services;
    private readonly IBackgroundJobClient _client;

    public HangfireSender(Action<IServiceCollection> addServices)
    {
        var services = new ServiceCollection();
        services.AddLogging(ConsumerLog.Configure);
        addServices(services);
        _services = services.BuildServiceProvider();
        _client = _services.GetRequiredService<IBackgroundJobClient>();
    }

    public async Task SendAsync(long id, long sent, CancellationToken cancellationToken)
    {
        await _calls.WaitAsync(cancellationToken);
        try
        {
            _client.Enqueue<HangfireJob>(job => job.HandleAsync(BenchMessage.Of(id, sent)));
        }
        finally
        {
            _calls.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _calls.Dispose();
    }
}
