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

    /// <summary>The authorization policy of those who may act on durable channels on this page: requeue and delete dead letters, pause, resume, replay and skip. They also see the messages of errors and the keys of messages.</summary>
    /// <remarks>
    /// <para>
    /// What the application demands of those who see the page is demanded of them in addition; <c>AllowAnonymous()</c> on the page does not let anybody act. It is in
    /// force in every environment. The application needs <c>AddAuthorization()</c> with a policy of this name, and <c>AddAntiforgery()</c>.
    /// </para>
    /// <para>Each act is logged with the user's name (event 700).</para>
    /// </remarks>
    /// <value>The default is <see langword="null"/>: there are no actions, and the page only shows. Not empty.</value>
    public string? ActionsPolicy { get; set; }

    /// <summary>The problem with these settings; <see langword="null"/> if there is none.</summary>
    internal string? Validate()
    {
        if (MaxWatchers is < 1 or > Most)
            return string.Create(CultureInfo.InvariantCulture, $"MaxWatchers must be from 1 to {Most:N0}, and is {MaxWatchers}.");
        return ActionsPolicy is not null && string.IsNullOrWhiteSpace(ActionsPolicy)
            ? "ActionsPolicy is empty. Set it to the name of an authorization policy of the application, which says who may act; or leave it null, and the page only shows."
            : null;
    }
}
