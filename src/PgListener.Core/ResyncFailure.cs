namespace PgListener;

/// <summary>Describes how a subscription's <c>OnResync</c> or <c>ResyncAsync</c> keeps failing. It is called again until it succeeds.</summary>
public sealed record ResyncFailure
{
    /// <summary>When the first of the calls failed, by this machine's clock.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many calls have failed in a row.</summary>
    public required int Attempts { get; init; }

    /// <summary>
    /// The error of the last call: the full name of the exception's type, the server's SQLSTATE, or <see cref="PgListenerTags.Timeout"/>
    /// for the time limit.
    /// </summary>
    public required string ErrorType { get; init; }
}
