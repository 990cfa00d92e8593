using System.Text.Json;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>Reads the stream.</summary>
internal sealed class Watcher : EventReader
{
    private Watcher(HttpResponseMessage response, Stream body)
        : base(response, body)
    {
    }

    /// <summary>Opens it.</summary>
    /// <param name="site">The application.</param>
    /// <param name="page">Where its page is.</param>
    /// <param name="client">Another client than the application's own.</param>
    public static async Task<Watcher> OpenAsync(Site site, string page = "/pg-listener", HttpClient? client = null)
    {
        var response = await (client ?? site.Client).GetAsync(new Uri(page + "/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken)
            .WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return new(response, await BodyOfAsync(response));
    }

    /// <summary>Opens it and reads what comes at once.</summary>
    public static async Task<Watcher> OpenLiveAsync(Site site)
    {
        var watcher = await OpenAsync(site);
        await watcher.NextAsync("status");
        await watcher.NextAsync("timeline");
        return watcher;
    }

    public async Task<JsonElement> NextAsync(string type)
    {
        var item = await NextAsync();
        Assert.Equal(type, item?.EventType);
        return JsonElement.Parse(item!.Value.Data);
    }
}
