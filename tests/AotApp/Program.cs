using AotApp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener;

// Compiled ahead of time by a test: settings from the environment, a JSON handler and a method in fresh scopes, a filter around them, publishing, an orderly stop.
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddScoped<Printer>();
var listener = builder.Services.AddPgListener()
    .AddHandlers()
    .AddHandler<OrderPlaced, Printer>(Orders.CountAsync, handler => handler.AddFilter<TimingFilter>());
if (args is ["--reflected"])
    listener.AddHandler<Reflected, ReflectedHandler>();
using var host = builder.Build();
try
{
    await host.StartAsync();
}
catch (InvalidOperationException e)
{
    Console.WriteLine($"start failed: {e.Message}");
    return 1;
}

await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync();
Console.WriteLine($"listening after {(DateTime.Now - System.Diagnostics.Process.GetCurrentProcess().StartTime).TotalMilliseconds:0} ms");
await host.Services.GetRequiredService<INotificationPublisher>().PublishManyAsync([new OrderPlaced(1, 2.5m), new OrderPlaced(2, 2.5m)]);
await host.WaitForShutdownAsync();
return 0;
