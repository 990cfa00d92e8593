namespace PgListener.Dashboard.DurableChannels;

/// <summary>What the page needs for an act.</summary>
/// <param name="User">The name under which it is logged.</param>
/// <param name="Field">The name of the form's field for the token.</param>
/// <param name="Token">The token that, with the cookie, shows that the request comes from the page.</param>
internal sealed record ActorInfo(string User, string Field, string Token);
