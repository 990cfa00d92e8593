using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PgListener.Dashboard;

/// <summary>The page, the document and the stream, as endpoints.</summary>
internal sealed class DashboardEndpoints
{
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    private readonly StatusSampler _sampler;
    private readonly StatusFeed _feed;
    private readonly CancellationToken _stopping;

    public DashboardEndpoints(IServiceProvider services)
    {
        var lifetime = services.GetService<IHostApplicationLifetime>();
        _stopping = lifetime?.ApplicationStopping ?? CancellationToken.None;
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _sampler = new(services, time, _stopping);
        _feed = new(_sampler, time);

        // Not now: that would create the listeners, and read their settings, before the host starts.
        lifetime?.ApplicationStarted.Register(_sampler.Start);
    }

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern)
    {
        var group = endpoints.MapGroup(pattern);
        group.MapMethods("", GetAndHead, PageOrDocumentAsync).WithDisplayName("PgListener page");
        group.MapMethods("/status", GetAndHead, DocumentAsync).WithDisplayName("PgListener status");
        group.MapGet("/events", EventsAsync).WithDisplayName("PgListener events");
        return group.ExcludeFromDescription();
    }

    private Task PageOrDocumentAsync(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        return Negotiation.PrefersJson(context.Request) ? DocumentAsync(context) : PageAsync(context);
    }

    private static Task PageAsync(HttpContext context)
    {
        var page = DashboardPage.Instance;
        context.Response.Headers.ContentSecurityPolicy = page.ContentSecurityPolicy;
        return WriteAsync(context, "text/html; charset=utf-8", page.Html);
    }

    private Task DocumentAsync(HttpContext context)
        => WriteAsync(context, "application/json; charset=utf-8", JsonSerializer.SerializeToUtf8Bytes(_sampler.Read(), DashboardJson.Default.StatusDocument));

    /// <summary>The state of things at once and then every second, until the watcher goes away or the host begins to stop.</summary>
    private async Task EventsAsync(HttpContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        SetHeaders(context.Response, "text/event-stream");
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            var body = context.Response.Body;
            ReadOnlyMemory<byte> told = default;
            await foreach (var frame in _feed.WatchAsync(end.Token).ConfigureAwait(false))
            {
                await body.WriteAsync(frame.Status, end.Token).ConfigureAwait(false);
                if (!told.Equals(frame.Timeline))
                    await body.WriteAsync(told = frame.Timeline, end.Token).ConfigureAwait(false);
                await body.FlushAsync(end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The ordinary end of watching.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The same, seen by a write.
        }
    }

    private static async Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        SetHeaders(context.Response, contentType);
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static void SetHeaders(HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
