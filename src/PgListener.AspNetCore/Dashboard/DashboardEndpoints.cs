using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using PgListener.Dashboard.DurableChannels;

namespace PgListener.Dashboard;

/// <summary>One page, its document and its stream, as endpoints.</summary>
internal sealed class DashboardEndpoints
{
    private const string RetryAfterSeconds = "10";
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    private readonly IServiceProvider _services;
    private readonly ApplicationStatus _status;
    private readonly PageAccess _access;
    private readonly ActionAccess? _actions;
    private readonly DashboardPage _page;
    private readonly int _maxWatchers;
    private readonly string _tooMany;
    private int _watchers;

    public DashboardEndpoints(IServiceProvider services, PgListenerPageOptions options)
    {
        _services = services;
        _status = ApplicationStatus.Of(services);
        _access = new(services, _status.Logger);
        _actions = options.ActionsPolicy is { } policy ? new(services, policy) : null;
        _page = _actions is null ? DashboardPage.ReadOnly : DashboardPage.WithActions;
        _maxWatchers = options.MaxWatchers;
        _tooMany = string.Create(
            CultureInfo.InvariantCulture, $"{_maxWatchers} streams of this page are open, and the application allows no more (MaxWatchers of MapPgListener). Try again later.");
        services.GetService<IHostApplicationLifetime>()?.ApplicationStarted.Register(() => _ = WarnAsync());
    }

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern)
    {
        var group = endpoints.MapGroup(pattern);
        group.MapMethods("", GetAndHead, _access.Guard(_services, PageOrDocumentAsync)).WithDisplayName("PgListener page").WithMetadata(this);
        group.MapMethods("/status", GetAndHead, _access.Guard(_services, DocumentAsync)).WithDisplayName("PgListener status");
        group.MapGet("/events", _access.Guard(_services, EventsAsync)).WithDisplayName("PgListener events");

        if (_actions is not null)
            new ActionEndpoints(_status, _services.GetService<TimeProvider>() ?? TimeProvider.System, _actions).Map(group, next => _access.Guard(_services, next));

        // What an application sets for all of its endpoints comes before this, and so does what it sets for a group around the page.
        ((IEndpointConventionBuilder)group).Finally(static endpoint =>
        {
            endpoint.Metadata.Add(new OutputCacheAttribute { NoStore = true });
            endpoint.Metadata.Add(new DisableRequestTimeoutAttribute());
        });
        return group.ExcludeFromDescription();
    }

    private async Task WarnAsync()
    {
        var pages = _services.GetService<EndpointDataSource>()?.Endpoints.OfType<RouteEndpoint>() ?? [];
        foreach (var page in pages.Where(endpoint => endpoint.Metadata.GetMetadata<DashboardEndpoints>() == this))
        {
            try
            {
                await _access.WarnAsync(page, _services).ConfigureAwait(false);
                if (_actions is not null)
                    await _actions.WarnAsync(page, _services, _status.Logger).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The application's own policy provider may throw anything. It throws again when the page is requested.
                _status.Logger.AccessUnknown(e, page.RoutePattern.RawText ?? "");
            }
        }
    }

    private Task PageOrDocumentAsync(HttpContext context)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        return Negotiation.PrefersJson(context.Request) ? DocumentAsync(context) : PageAsync(context);
    }

    private Task PageAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = _page.ContentSecurityPolicy;
        return Answers.WriteAsync(context, "text/html; charset=utf-8", _page.Html);
    }

    private async Task DocumentAsync(HttpContext context)
        => await Answers.WriteAsync(context, "application/json; charset=utf-8", await _status.ReadAsync().ConfigureAwait(false)).ConfigureAwait(false);

    private async Task EventsAsync(HttpContext context)
    {
        try
        {
            if (Interlocked.Increment(ref _watchers) <= _maxWatchers)
            {
                await StreamAsync(context).ConfigureAwait(false);
                return;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }

        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        await Answers.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, _tooMany).ConfigureAwait(false);
    }

    /// <summary>Sends the state at once and then every second, until the client disconnects or the host begins to stop.</summary>
    private async Task StreamAsync(HttpContext context)
    {
        // The endpoint's metadata keeps time limits away, unless they came before routing and so did not see the endpoint.
        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _status.Stopping);
        Answers.SetHeaders(context, "text/event-stream");
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            var body = context.Response.Body;
            ReadOnlyMemory<byte> told = default, toldDurable = default;
            await foreach (var frame in _status.Feed.WatchAsync(context.Abort, end.Token).ConfigureAwait(false))
            {
                await body.WriteAsync(frame.Status, end.Token).ConfigureAwait(false);
                if (!told.Equals(frame.Timeline))
                    await body.WriteAsync(told = frame.Timeline, end.Token).ConfigureAwait(false);
                if (!toldDurable.Equals(frame.Durable))
                    await body.WriteAsync(toldDurable = frame.Durable, end.Token).ConfigureAwait(false);
                await body.FlushAsync(end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has disconnected, or the host stops.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The same, noticed by a write.
        }
    }
}
