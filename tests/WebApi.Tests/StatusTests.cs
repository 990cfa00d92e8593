using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace WebApi.Tests;

public sealed class StatusTests(TestDatabase database)
{
    [Fact]
    public async Task Health_follows_the_listener()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, ("PgListener:ReconnectDelay", "00:00:01.5"));
        Assert.Equal((HttpStatusCode.OK, "Healthy", "Listening"), await GetHealthAsync(shop));

        await data.TerminateListenerAsync();

        await Eventually.GetAsync(() => GetHealthAsync(shop), health => health == (HttpStatusCode.OK, "Degraded", "Reconnecting"));
        await Eventually.GetAsync(() => GetHealthAsync(shop), health => health == (HttpStatusCode.OK, "Healthy", "Listening"));
    }

    [Fact]
    public async Task Without_a_database_the_shop_runs_and_is_unhealthy()
    {
        await using var shop = Shop.StartWithoutDatabase("Host=127.0.0.1;Port=1;Username=nobody");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy", "Connecting"), await GetHealthAsync(shop));
        Assert.Equal("Connecting", (await shop.StatusAsync()).State);
        Assert.Contains("<!DOCTYPE html>", await shop.Client.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_OpenAPI_document_lists_the_endpoints()
    {
        await using var shop = Shop.StartWithoutDatabase("Host=127.0.0.1;Port=1;Username=nobody", ("environment", "Production"));

        var document = await shop.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", TestContext.Current.CancellationToken);

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name} {path.Name}"));
        Assert.Equal(["get /orders", "get /orders/stream", "get /orders/{id}", "get /status", "post /orders"], operations.Order(StringComparer.Ordinal));
        var placing = document.GetProperty("paths").GetProperty("/orders").GetProperty("post");
        Assert.Equal(["201", "400", "415", "503"], placing.GetProperty("responses").EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal));
    }

    private static async Task<(HttpStatusCode Code, string? Status, string? State)> GetHealthAsync(Shop shop)
    {
        using var response = await shop.Client.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (
            response.StatusCode,
            body.GetProperty("status").GetString(),
            body.GetProperty("checks").GetProperty("pglistener").GetProperty("data").GetProperty("state").GetString());
    }
}
