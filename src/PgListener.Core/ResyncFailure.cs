namespace PgListener;

/// <summary>What is known of a subscription that cannot read again what it may have missed: it is called again until it succeeds.</summary>
public sealed record ResyncFailure
{
    /// <summary>When the first of the calls failed, by this machine's clock.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many calls have failed in a row.</summary>
    public required int Attempts { get; init; }

    /// <summary>
    /// What the last one failed with: the full name of the exception's type, the server's SQLSTATE, or <see cref="PgListenerTags.Timeout"/>
    /// for the time limit.
    /// </summary>
    public required string ErrorType { get; init; }
}
