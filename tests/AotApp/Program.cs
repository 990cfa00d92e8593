using AotApp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener;

// Compiled ahead of time by a test: settings from the environment, a JSON handler and a method in fresh scopes, a filter around them, publishing, an orderly stop.
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddScoped<Printer>();
builder.Services.AddPgListener()
    .AddHandler<OrderPlaced, OrderPlacedHandler>()
    .AddHandler<OrderPlaced, Printer>(Orders.CountAsync, handler => handler.AddFilter<TimingFilter>());
using var host = builder.Build();
await host.StartAsync();
await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync();
Console.WriteLine($"listening after {(DateTime.Now - System.Diagnostics.Process.GetCurrentProcess().StartTime).TotalMilliseconds:0} ms");
await host.Services.GetRequiredService<INotificationPublisher>().PublishManyAsync([new OrderPlaced(1, 2.5m), new OrderPlaced(2, 2.5m)]);
await host.WaitForShutdownAsync();
