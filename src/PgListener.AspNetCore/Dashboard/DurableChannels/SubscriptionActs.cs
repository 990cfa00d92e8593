namespace PgListener.Dashboard.DurableChannels;

/// <summary>What can be done with a subscription. Each act looks at the subscription first, so that it does nothing if the state is no longer the one that the page showed.</summary>
internal static class SubscriptionActs
{
    private delegate Task<ActResult> Act(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken);

    /// <summary>The acts by name.</summary>
    private static readonly Dictionary<string, Act> All = new(StringComparer.Ordinal)
    {
        ["requeue"] = RequeueAsync,
        ["delete"] = DeleteAsync,
        ["pause"] = PauseAsync,
        ["resume"] = ResumeAsync,
        ["skip"] = SkipAsync,
        ["replay"] = ReplayAsync,
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>Why a request cannot be understood; <see langword="null"/> if it can.</summary>
    public static string? ProblemOf(string act, ActRequest request, DateTimeOffset now) => act switch
    {
        "requeue" or "delete" when request is { Message: null, ErrorType: null } => "Give the message or the type of the error.",
        "skip" when request is { Message: null } or { Shard: null } => "Give the shard and its next message.",
        "replay" when request.From is null => "Give the time from which on messages are delivered again.",
        "replay" when request.From > now => "The time is in the future.",
        _ => null,
    };

    /// <summary>Looks at the subscription.</summary>
    /// <returns><see langword="null"/> if there is none of that name.</returns>
    public static async Task<DurableSubscriptionStatus?> FindAsync(IDurableChannels channels, ActRequest request, CancellationToken cancellationToken)
        => (await channels.GetSubscriptionsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Name == request.Subscription);

    /// <summary>Does it.</summary>
    /// <exception cref="ArgumentException">The subscription was removed meanwhile.</exception>
    /// <exception cref="TimeoutException">The handlers did not give the shards up. Nothing has changed.</exception>
    public static Task<ActResult> RunAsync(string act, IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
        => All[act](channels, status, request, cancellationToken);

    private static async Task<ActResult> RequeueAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
        => Counted(await channels.RequeueAsync(Filter(request), cancellationToken).ConfigureAwait(false), "is attempted again", "are attempted again");

    private static async Task<ActResult> DeleteAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
        => Counted(await channels.DeleteAsync(Filter(request), cancellationToken).ConfigureAwait(false), "is deleted", "are deleted");

    private static async Task<ActResult> PauseAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
    {
        // Also if it is paused: a replay or a skip may have done that, for its own time.
        await channels.PauseAsync(request.Subscription, cancellationToken).ConfigureAwait(false);
        return new("It is paused. Calls that are running end as usual.");
    }

    private static async Task<ActResult> ResumeAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
    {
        if (status.PausedSince is null)
            return ActResult.Conflict("It is not paused any more.");
        await channels.ResumeAsync(request.Subscription, cancellationToken).ConfigureAwait(false);
        return new("It goes on.");
    }

    private static async Task<ActResult> SkipAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
    {
        var (shard, message) = (request.Shard!.Value, request.Message!.Value);
        if (status.Shards.All(one => one.Shard != shard))
            return ActResult.Conflict($"It has no shard {shard}.");
        return await channels.SkipHeadAsync(request.Subscription, shard, message, cancellationToken).ConfigureAwait(false) is null
            ? ActResult.Conflict($"Message {message} is not the next one of shard {shard} any more. Nothing was skipped.")
            : new($"Message {message} is skipped.", 1);
    }

    private static async Task<ActResult> ReplayAsync(IDurableChannels channels, DurableSubscriptionStatus status, ActRequest request, CancellationToken cancellationToken)
    {
        await channels.ReplayAsync(request.Subscription, request.From!.Value, cancellationToken).ConfigureAwait(false);
        return new($"Messages since {request.From:u} that the log still has are delivered again.");
    }

    private static ParkedMessageFilter Filter(ActRequest request) => new()
    {
        Subscription = request.Subscription,
        Ids = request.Message is { } message ? [message] : null,
        ErrorType = request.ErrorType,
    };

    private static ActResult Counted(int count, string isDone, string areDone) => count switch
    {
        0 => ActResult.Conflict("There is no such dead letter any more: somebody has requeued or deleted it."),
        1 => new($"1 dead letter {isDone}.", count),
        _ => new($"{count} dead letters {areDone}.", count),
    };
}
