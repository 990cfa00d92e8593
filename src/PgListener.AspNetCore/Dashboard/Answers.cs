using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace PgListener.Dashboard;

/// <summary>How answers of all kinds are sent.</summary>
internal static class Answers
{
    /// <summary>Sends something of which all is known.</summary>
    public static async Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        SetHeaders(context, contentType);
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Refuses, as problem details (RFC 9457).</summary>
    public static Task ProblemAsync(HttpContext context, int status, string detail)
    {
        SetHeaders(context, contentType: null);
        return TypedResults.Problem(detail, statusCode: status).ExecuteAsync(context);
    }

    /// <summary>What every answer has: nobody may keep it, nor guess what it is.</summary>
    public static void SetHeaders(HttpContext context, string? contentType)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";

        // The endpoint's metadata keeps output caching away, unless that came before routing and so did not see the endpoint.
        if (context.Features.Get<IOutputCacheFeature>() is { } cache)
            cache.Context.AllowCacheStorage = false;
    }
}
