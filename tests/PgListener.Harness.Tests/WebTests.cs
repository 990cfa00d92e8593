using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Testing;

namespace PgListener.Harness.Tests;

/// <summary>A web application's page and health endpoint show what they show with a server.</summary>
public sealed class WebTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_and_the_status_page_follow_the_server_in_memory()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting().AddSingleton<Book>();
        builder.Services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>();
        builder.Services.AddHealthChecks().AddPgListener(gracePeriod: TimeSpan.Zero);
        builder.Services.AddPgListenerHarness();
        await using var app = builder.Build();
        app.MapHealthChecks("/health");
        app.MapPgListener("/listener").AllowAnonymous();
        await app.StartAsync(Cancellation);
        using var client = app.GetTestClient();
        var harness = app.Services.GetRequiredService<PgListenerHarness>();

        await harness.PublishAsync(new OrderPlaced(1));
        await harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal((HttpStatusCode.OK, "Listening", "memory"), await LookAsync(client));

        await harness.DisconnectAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Reconnecting", "memory"), await LookAsync(client));

        await harness.ReconnectAsync();
        Assert.Equal((HttpStatusCode.OK, "Listening", "memory"), await LookAsync(client));
    }

    private static async Task<(HttpStatusCode Health, string? State, string? Server)> LookAsync(HttpClient client)
    {
        using var health = await client.GetAsync("/health", Cancellation);
        using var document = JsonDocument.Parse(await client.GetStringAsync("/listener/status", Cancellation));
        var listener = document.RootElement.GetProperty("listeners")[0];
        return (health.StatusCode, listener.GetProperty("state").GetString(), listener.GetProperty("server").GetString());
    }
}
