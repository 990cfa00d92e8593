using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace WebApi;

internal static class RequestEncoding
{
    /// <summary>
    /// Refuses a body with an unknown encoding, with 415. Without this, reading its JSON throws an exception that cannot be distinguished from
    /// an error of the shop itself. It also removes the quotes that some clients put around the encoding's name.
    /// </summary>
    public static void UseKnownEncodings(this IApplicationBuilder app)
        => app.Use(static (context, next) =>
        {
            var request = context.Request;
            var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;
            if (hasBody && MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset is { HasValue: true } charset)
            {
                var name = HeaderUtilities.RemoveQuotes(charset);
                if (!IsKnown(name.ToString()))
                    throw new BadHttpRequestException("The encoding of the body is not known. Send UTF-8.", StatusCodes.Status415UnsupportedMediaType);
                type.Charset = name;
                request.ContentType = type.ToString();
            }

            return next(context);
        });

    private static bool IsKnown(string name)
    {
        try
        {
            _ = Encoding.GetEncoding(name);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false; // There is no way to check it without an exception.
        }
    }
}
