using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using PgListener;
using WebApi.Sales;

namespace WebApi;

internal static class StatusEndpoints
{
    public static void MapStatus(this WebApplication app)
    {
        app.MapGet("/status", Status).WithTags("Status");
        app.MapHealthChecks("/health", new() { ResponseWriter = WriteHealthAsync });
    }

    /// <summary>Prints the address of the page when it is known: port 0, for example, means any free port.</summary>
    public static void AnnounceAddress(this WebApplication app)
        => app.Lifetime.ApplicationStarted.Register(() =>
        {
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
            if (addresses?.FirstOrDefault() is { } address)
                Console.WriteLine($"Open {address.Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("[::]", "localhost", StringComparison.Ordinal)}  (Ctrl+C stops it)");
        });

    /// <summary>The state of the shop.</summary>
    private static ShopStatus Status(IPgListener listener, SalesBoard board) => ShopStatus.Of(listener, board);

    private static Task WriteHealthAsync(HttpContext context, HealthReport report)
        => context.Response.WriteAsJsonAsync(
            new
            {
                Status = report.Status.ToString(),
                Checks = report.Entries.ToDictionary(
                    entry => entry.Key,
                    entry => new { Status = entry.Value.Status.ToString(), entry.Value.Description, entry.Value.Data }),
            },
            context.RequestAborted);
}
