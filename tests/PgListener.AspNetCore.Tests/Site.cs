using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>An application with a status page, on a real port.</summary>
internal sealed class Site : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    private Site(WebApplication app, CountingTime time)
    {
        App = app;
        Time = time;
        Client = new() { BaseAddress = new(app.Urls.Single()), Timeout = Timeout.InfiniteTimeSpan };
    }

    public WebApplication App { get; }

    public CountingTime Time { get; }

    public HttpClient Client { get; }

    public Uri Page => new(Client.BaseAddress!, "/pg-listener");

    public static Task<Site> StartAsync(params FakeListener[] listeners)
        => StartAsync(services => Add(services, listeners), static app => app.MapPgListener());

    /// <summary>Starts an application with services and endpoints of its own. In Development the page is open.</summary>
    public static async Task<Site> StartAsync(
        Action<IServiceCollection> configure, Action<WebApplication> map, DateTimeOffset? start = null, int port = 0, string environment = "Development")
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var time = new CountingTime(start ?? Start);
        builder.Services.AddSingleton<TimeProvider>(time);
        configure(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, time);
    }

    public static void Add(IServiceCollection services, params FakeListener[] listeners)
    {
        foreach (var listener in listeners)
        {
            if (listener.Name.Length == 0)
                services.AddSingleton<IPgListener>(listener);
            else
                services.AddKeyedSingleton<IPgListener>(listener.Name, listener);
        }
    }

    public async Task<JsonElement> StatusAsync()
        => JsonElement.Parse(await Client.GetStringAsync(new Uri("/pg-listener/status", UriKind.Relative), TestContext.Current.CancellationToken));

    public async Task<JsonElement[]> TimelineAsync() => [.. (await StatusAsync()).GetProperty("timeline").EnumerateArray()];

    /// <summary>What was logged in the category of the library, if the services have <c>AddFakeLogging()</c>.</summary>
    public IReadOnlyList<FakeLogRecord> Logged()
        => [.. App.Services.GetRequiredService<FakeLogCollector>().GetSnapshot().Where(record => record.Category == "PgListener")];

    public async Task<HttpResponseMessage> SendAsync(string method, string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken)
            .WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}
