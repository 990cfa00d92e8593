using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using PgListener.Bench;

// The smallest application that handles notifications in one of two ways. It says when it has handled the first one, and waits to be killed.
var connectionString = Environment.GetEnvironmentVariable("PGLISTENER_BENCH_CONNECTION") ?? "";
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Production, ContentRootPath = AppContext.BaseDirectory });
ConsumerLog.Configure(builder.Logging);
if (args is [Kind.HandlerTransient])
{
    builder.Services.AddPgListener(options => options.ConnectionString = connectionString).AddHandler<BenchOrder, FirstHandler>();
}
else
{
    builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(connectionString));
    builder.Services.AddTransient<IOrderHandler, FirstOrderHandler>();
    builder.Services.AddHostedService<HandWrittenService>();
}

using var host = builder.Build();
await host.StartAsync();
await host.WaitForShutdownAsync();
