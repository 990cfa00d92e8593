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
    [InlineData("application/json; charset=foo", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-7", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=\"foo\"", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=\"\"", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-8\u00e9", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-16; charset=foo", HttpStatusCode.BadRequest)]
    [InlineData("application/json, application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/vnd.order+json; charset=foo", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/xml; charset=foo", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("&%$", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-16", HttpStatusCode.BadRequest)]
    [InlineData("application/json", HttpStatusCode.Created)]
    [InlineData("application/json; charset", HttpStatusCode.Created)]
    [InlineData("application/json; charset=UTF-8", HttpStatusCode.Created)]
    [InlineData("application/json; charset=\"utf-8\"", HttpStatusCode.Created)]
    [InlineData("application/json; charset=iso-8859-1", HttpStatusCode.Created)]
    [InlineData("application/vnd.order+json", HttpStatusCode.Created)]
    public async Task A_body_of_an_unknown_kind_or_encoding_is_refused(string contentType, HttpStatusCode expected)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, """{"product":"Tea","quantity":1}"""u8.ToArray(), contentType);

        if (expected == HttpStatusCode.Created)
            Assert.Equal(expected, response.StatusCode);
        else
            await ReadProblemAsync(response, expected);
    }

    [Fact]
    public async Task An_unknown_encoding_matters_only_where_there_is_a_body()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders") { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=foo");

        using var response = await shop.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("7b2270726f64756374223a22ff222c227175616e74697479223a317d")] // "product":"\xff"
    [InlineData("7b2270726f64756374223a22c3222c227175616e74697479223a317d")] // half a character
    [InlineData("7b2270726f64756374223a22eda080222c227175616e74697479223a317d")] // a surrogate, encoded
    [InlineData("7b2270726f64756374223a2200222c227175616e74697479223a317d")] // NUL in the text
    [InlineData("fffe7b00")]
    [InlineData("1f8b0800000000000003")]
    public async Task Bytes_that_are_no_text_are_refused(string hex)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, Convert.FromHexString(hex), "application/json");

        await ReadProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("""{"product":"Tea","quantity":NaN}""")]
    [InlineData("""{"product":"Tea","quantity":"NaN"}""")]
    [InlineData("""{"product":"Tea","quantity":1e400}""")]
    [InlineData("""{"product":"Tea","quantity":-99999999999999999999999999}""")]
    [InlineData("""{"product":"Tea","quantity":"1e9999"}""")]
    [InlineData("""{"product":{"a":1},"quantity":1}""")]
    [InlineData("""{"product":"\udc00x","quantity":1}""")]
    [InlineData("""{"product":"Tea","quantity":1} {}""")]
    [InlineData("""{"\ud800":1,"product":"Tea","quantity":1}""")]
    public async Task Values_that_are_none_are_refused(string body)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, body);

        await ReadProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_body_without_end_is_refused()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);

        using var deep = await PostAsync(shop, new string('[', 100_000));
        await ReadProblemAsync(deep, HttpStatusCode.BadRequest);
        shop.Client.DefaultRequestHeaders.ExpectContinue = true; // The answer comes before the body is sent.
        using var large = await PostAsync(shop, $$"""{"product":"{{new string('x', 40_000_000)}}","quantity":1}""");
        await ReadProblemAsync(large, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Text_that_the_database_cannot_hold_is_refused()
    {
        await using var data = await database.CreateAsync("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
        await using var shop = await Shop.StartAsync(data);

        using var response = await PostAsync(shop, """{"product":"\u8336","quantity":1}""");

        await ReadProblemAsync(response, HttpStatusCode.BadRequest);
        await shop.PlaceAsync("T\u00e9");
    }

    [Theory]
    [InlineData("42")]
    [InlineData("-1")]
    [InlineData("99999999999999999999999")]
    [InlineData("NaN")]
    [InlineData("\u00e9\u0001")]
    public async Task The_stream_takes_any_last_event_id(string id)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        shop.Client.DefaultRequestHeaders.TryAddWithoutValidation("Last-Event-ID", id);

        using var stream = await EventStream.OpenLiveAsync(shop.Client);
        await shop.PlaceAsync();

        await stream.NextAsync("order");
    }

    [Theory]
    [InlineData("GET", "/orders/-1", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/9223372036854775807", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/1e3", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/%ff", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders?limit=", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=-1", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=NaN", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=1&limit=2", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=99999999999999999999", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=%00", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=%ff%fe", HttpStatusCode.BadRequest)]
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

    private static async Task<HttpResponseMessage> PostAsync(Shop shop, byte[] body, string contentType)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
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
