using System.Globalization;

namespace PgListener;

/// <summary>The settings of one status page, passed to <c>MapPgListener</c>.</summary>
public sealed class PgListenerPageOptions
{
    private const int Most = 10_000;

    /// <summary>How many streams of the page may be open at the same time. Each open page holds one stream, and so does each other reader of <c>/events</c>.</summary>
    /// <remarks>
    /// A further stream is answered with status 503 and a <c>Retry-After</c> header. The page itself and its JSON document are still
    /// answered; the page shows the reason, and tries again until a stream is closed. Each mapped page counts its own streams.
    /// </remarks>
    /// <value>The default is 100. From 1 to 10,000.</value>
    public int MaxWatchers { get; set; } = 100;

    /// <summary>The problem with these settings; <see langword="null"/> if there is none.</summary>
    internal string? Validate()
        => MaxWatchers is >= 1 and <= Most ? null : string.Create(CultureInfo.InvariantCulture, $"MaxWatchers must be from 1 to {Most:N0}, and is {MaxWatchers}.");
}
