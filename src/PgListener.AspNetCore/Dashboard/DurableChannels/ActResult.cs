using System.Text.Json.Serialization;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>What has come of an act.</summary>
/// <param name="Message">For people.</param>
/// <param name="Count">How many messages it was about.</param>
internal sealed record ActResult(string Message, int Count = 0)
{
    /// <summary>Whether it was done. Otherwise nothing has changed, and the message says why.</summary>
    [JsonIgnore]
    public bool IsDone { get; private init; } = true;

    /// <summary>The state does not allow it.</summary>
    public static ActResult Conflict(string why) => new(why) { IsDone = false };
}
