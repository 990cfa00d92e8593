using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace PgListener.Dashboard;

/// <summary>Sends responses of all kinds.</summary>
internal static class Answers
{
    /// <summary>Sends a complete response.</summary>
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

    /// <summary>Sets the headers of every response: it must not be stored, and its content type must not be guessed.</summary>
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
