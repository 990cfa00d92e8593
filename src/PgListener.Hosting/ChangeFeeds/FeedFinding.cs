namespace PgListener.ChangeFeeds;

/// <summary>What a check has found.</summary>
/// <param name="Problem">What is wrong and how to remedy it, as one line; <see langword="null"/> if nothing is.</param>
/// <param name="Version">Is another one if the feed was dropped, disabled or replaced meanwhile, also if it is as before again.</param>
internal readonly record struct FeedFinding(string? Problem, string Version);
