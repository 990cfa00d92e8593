using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace PgListener.Dashboard;

/// <summary>Decides whether a request of the common address gets the page or the document.</summary>
internal static class Negotiation
{
    private static readonly MediaTypeHeaderValue Html = new("text/html");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Whether <c>Accept</c> prefers JSON to HTML, by quality or by exactness. A client without a preference gets the page.</summary>
    public static bool PrefersJson(HttpRequest request)
        => MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
            && Wish(accepted, Json) is { Quality: > 0 } json
            && json.CompareTo(Wish(accepted, Html)) > 0;

    /// <summary>The quality of the most exact range that a type falls into, and how exact that is.</summary>
    private static (double Quality, int Exactness) Wish(IEnumerable<MediaTypeHeaderValue> accepted, MediaTypeHeaderValue type)
        => accepted
            .Where(range => type.IsSubsetOf(new(range.MediaType)))
            .Select(range => (Quality: range.Quality ?? 1, Exactness: range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2))
            .DefaultIfEmpty((Quality: 0, Exactness: -1))
            .MaxBy(wish => wish.Exactness);
}
