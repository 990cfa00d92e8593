using Hangfire;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Bench;

/// <summary>An application that enqueues jobs with Hangfire, whose calls block.</summary>
internal sealed class HangfireSender : IMessageSender
{
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

    public Task SendAsync(long id, long sent, CancellationToken cancellationToken)
    {
        _client.Enqueue<HangfireJob>(job => job.HandleAsync(BenchMessage.Of(id, sent)));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
