using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Kestrel, with an event stream of the channel for each browser that asks for one.</summary>
internal sealed class EventStreamConsumer : IConsumer
{
    private readonly WebApplication _app;

    /// <summary>How many streams there are so far; each is a lane.</summary>
    private int _streams;

    public EventStreamConsumer(ConsumerSettings settings, bool isHandWritten)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        ConsumerLog.Configure(builder.Logging);
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, settings.Port));
        if (isHandWritten)
        {
            builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(settings.ConnectionString));
            builder.Services.AddSingleton<Broadcast>();
            builder.Services.AddHostedService(services => services.GetRequiredService<Broadcast>());
        }
        else
        {
            builder.Services.AddPgListener(options =>
            {
                options.ConnectionString = settings.ConnectionString;
                settings.ApplyTo(options);
            });
        }

        _app = builder.Build();
        if (isHandWritten)
            _app.MapGet("/events", (Broadcast broadcast, CancellationToken cancellationToken) => TypedResults.ServerSentEvents(ReadAsync(broadcast, cancellationToken)));
        else
            _app.MapGet("/events", (IPgListener listener, CancellationToken cancellationToken) => TypedResults.ServerSentEvents(ReadAsync(listener, cancellationToken)));
    }

    public Task StartAsync() => _app.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    /// <summary>As docs/handlers-and-channels.md shows it: the gap of the start comes first, and says that the server listens.</summary>
    private async IAsyncEnumerable<SseItem<object>> ReadAsync(IPgListener listener, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lane = Interlocked.Increment(ref _streams) - 1;
        await foreach (var item in listener.ReadItemsAsync<BenchOrder>(cancellationToken: cancellationToken))
        {
            if (!item.IsGap(out _))
                Meter.Instance.Hit(item.Notification.Value, lane);
            yield return item.IsGap(out var gap) ? new(new { Reason = gap.Reason.ToString() }, "resync") : new(item.Notification.Value, "order");
        }
    }

    private async IAsyncEnumerable<SseItem<object>> ReadAsync(Broadcast broadcast, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lane = Interlocked.Increment(ref _streams) - 1;
        var orders = await broadcast.JoinAsync(cancellationToken);
        yield return new(new { Reason = "Started" }, "resync");
        await foreach (var order in orders.ReadAllAsync(cancellationToken))
        {
            Meter.Instance.Hit(order, lane);
            yield return new(order, "order");
        }
    }
}
