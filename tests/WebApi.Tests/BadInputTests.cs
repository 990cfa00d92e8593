using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace WebApi.Tests;

public sealed class BadInputTests(TestDatabase database)
{
    [Theory]
    [InlineData("""{}""", "Product")]
    [InlineData("""{"quantity":1}""", "Product")]
    [InlineData("""{"product":null,"quantity":1}""", "Product")]
    [InlineData("""{"product":"","quantity":1}""", "Product")]
    [InlineData("""{"product":" \t","quantity":1}""", "Product")]
    [InlineData("""{"product":"Tea\u0000","quantity":1}""", "Product")]
    [InlineData("""{"product":"Tea\n","quantity":1}""", "Product")]
    [InlineData("""{"product":"1234567890123456789012345678901234567890123456789012345678901","quantity":1}""", "Product")]
    [InlineData("""{"product":"Tea"}""", "Quantity")]
    [InlineData("""{"product":"Tea","quantity":0}""", "Quantity")]
    [InlineData("""{"product":"Tea","quantity":-1}""", "Quantity")]
    [InlineData("""{"product":"Tea","quantity":1001}""", "Quantity")]
    public async Task An_order_out_of_bounds_is_refused_and_the_answer_names_the_field(string body, string field)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, body);

        var problem = await ReadProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(problem.GetProperty("errors").EnumerateObject(), error => error.NameEquals(field));
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("42", HttpStatusCode.BadRequest)]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"Tea\",\"quantity\":1", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"Tea\",\"quantity\":\"one\"}", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"Tea\",\"quantity\":1.5}", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"Tea\",\"quantity\":99999999999}", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":7,\"quantity\":1}", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"\\ud800\",\"quantity\":1}", HttpStatusCode.BadRequest)]
    [InlineData("{\"product\":\"Tea\",\"quantity\":1}", HttpStatusCode.UnsupportedMediaType, "text/plain")]
    [InlineData("product=Tea&quantity=1", HttpStatusCode.UnsupportedMediaType, "application/x-www-form-urlencoded")]
    public async Task What_is_no_order_is_refused(string body, HttpStatusCode expected, string mediaType = "application/json")
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, body, mediaType);

        await ReadProblemAsync(response, expected);
    }

    [Theory]
    [InlineData("GET", "/orders/1", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/first", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/99999999999999999999", HttpStatusCode.NotFound)]
    [InlineData("GET", "/nothing-here", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=501", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=many", HttpStatusCode.BadRequest)]
    [InlineData("DELETE", "/orders", HttpStatusCode.MethodNotAllowed)]
    public async Task What_is_not_there_is_refused(string method, string path, HttpStatusCode expected)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var request = new HttpRequestMessage(new(method), path);
        using var response = await shop.Client.SendAsync(request, TestContext.Current.CancellationToken);

        await ReadProblemAsync(response, expected);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Without_a_database_the_answer_is_to_try_again_later(string environment)
    {
        await using var shop = Shop.StartWithoutDatabase("Host=127.0.0.1;Port=1;Username=nobody", ("environment", environment));

        using var placing = await PostAsync(shop, """{"product":"Tea","quantity":1}""");
        using var reading = await shop.Client.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);

        foreach (var response in new[] { placing, reading })
        {
            var problem = await ReadProblemAsync(response, HttpStatusCode.ServiceUnavailable);
            Assert.DoesNotContain("127.0.0.1", problem.GetRawText(), StringComparison.Ordinal);
            Assert.DoesNotContain("exception", problem.GetRawText(), StringComparison.OrdinalIgnoreCase);
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(Shop shop, string body, string mediaType = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        return await shop.Client.PostAsync(new Uri("/orders", UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> ReadProblemAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        return problem;
    }
}
