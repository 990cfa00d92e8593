using System.Globalization;

namespace PgListener;

/// <summary>Settings of one status page, given to <c>MapPgListener</c>.</summary>
public sealed class PgListenerPageOptions
{
    private const int Most = 10_000;

    /// <summary>How many may watch the page at the same time. Each open page holds one stream, and so does each other reader of <c>/events</c>.</summary>
    /// <remarks>
    /// A stream that is opened above it is answered with status 503 and a <c>Retry-After</c> header. The page itself and its JSON document are still
    /// answered; the page shows the reason, and tries again until somebody leaves. Each mapped page counts its own watchers.
    /// </remarks>
    /// <value>100 by default. From 1 to 10,000.</value>
    public int MaxWatchers { get; set; } = 100;

    /// <summary>What is wrong with these settings, if anything is.</summary>
    internal string? Validate()
        => MaxWatchers is >= 1 and <= Most ? null : string.Create(CultureInfo.InvariantCulture, $"MaxWatchers must be from 1 to {Most:N0}, and is {MaxWatchers}.");
}
