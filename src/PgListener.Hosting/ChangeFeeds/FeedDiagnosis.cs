namespace PgListener.ChangeFeeds;

/// <summary>Says what is wrong with a feed in the database, and how to remedy it.</summary>
internal static class FeedDiagnosis
{
    private const string Run = "Run ChangeFeed.Script in the database, or apply the migration that has it.";

    /// <summary>The first problem, as one line; <see langword="null"/> if there is none.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="prefix">The listener's prefix.</param>
    /// <param name="shape">What the database has.</param>
    public static string? Of(FeedDefinition feed, string prefix, FeedShape shape)
    {
        var subject = $"The change feed of {feed.DisplayName} on channel '{ChannelName.Show(feed.Channel)}', in the database '{shape.Database}',";
        if (!shape.HasTable)
            return $"{subject} reports nothing: there is no such table.{(shape.OtherTable is { } other ? $" Its triggers are on {other}: the table was renamed or moved." : "")} Name the table that it has now in the feed, or create it; then run ChangeFeed.Script.";
        if (shape.MissingColumns.Count > 0)
            return $"{subject} names columns that the table does not have: {string.Join(", ", shape.MissingColumns)}. Changes are reported only as \"anything may have changed\". Name the columns that the table has now, and run ChangeFeed.Script again.";
        if (shape.Body is null)
            return $"{subject} reports nothing: the function {feed.Function} and its triggers are missing. {Run}";

        var expected = feed with { Prefix = prefix };
        return ProblemWithTriggers(feed, subject, shape) ?? ProblemWithFunction(feed, expected, subject, shape);
    }

    private static string? ProblemWithTriggers(FeedDefinition feed, string subject, FeedShape shape)
    {
        var found = shape.Triggers.ToDictionary(trigger => trigger.Name, StringComparer.Ordinal);
        var names = FeedEvent.All.Select(on => (On: on, Name: FeedNames.TriggerOf(feed.Function, on))).ToArray();
        if (Names(names.Where(expected => !found.ContainsKey(expected.Name))) is { } missing)
            return $"{subject} does not report all changes: a trigger is missing: {missing}. {(shape.OtherTable is { } other ? OnOtherTable(feed, other) : Run)}";
        if (Names(names.Where(expected => !found[expected.Name].IsEnabled)) is { } disabled)
            return $"{subject} does not report all changes: a trigger is disabled: {disabled}. Enable it with ALTER TABLE {SqlText.Name(feed.Schema, feed.Table)} ENABLE TRIGGER …, or run ChangeFeed.Script, which does.";
        return Names(names.Where(expected => !found[expected.Name].IsFor(expected.On))) is { } different
            ? $"{subject} has a trigger of another shape than this application expects: {different}. {Run}"
            : null;
    }

    /// <summary>Another table has taken the place of this one, or two feeds want the same function. The script alone would refuse to take it over.</summary>
    private static string OnOtherTable(FeedDefinition feed, string other)
        => $"The triggers of its function {feed.Function} are on {other}. If that is the former table, run ChangeFeed.RemovalScript and then ChangeFeed.Script; if it has a feed of its own, give one of the two another name with ChangeFeed.Named.";

    private static string? ProblemWithFunction(FeedDefinition feed, FeedDefinition expected, string subject, FeedShape shape)
    {
        if (!IsBodyOf(expected, shape))
        {
            return feed.Prefix != expected.Prefix && IsBodyOf(feed, shape)
                ? $"{subject} has a function of another shape than this application expects: it notifies on the channel '{ChannelName.Show(feed.ServerChannel)}', as the feed describes, and the listener listens to '{ChannelName.Show(expected.ServerChannel)}'. {RemedyOfPrefix(feed, prefix: expected.Prefix)}"
                : $"{subject} has a function of another shape than this application expects: {feed.Function}. It is of another definition of the feed, or of another version of the library, or was edited. {Run}";
        }

        if (shape.IsSecurityDefiner != feed.IsDurable || !HasSettings(shape))
            return $"{subject} has a function of another shape than this application expects: {feed.Function} has other settings. {Run}";
        return feed.IsDurable && !shape.MayPublish
            ? $"{subject} cannot publish: the role '{shape.Owner}', which owns the function {feed.Function}, has no right to, or the schema 'pglistener' does not exist. Grant it what schema/publisher-rights.sql of the package PgListener.Durable names, after DurableSchema.Script was run."
            : null;
    }

    private static string RemedyOfPrefix(FeedDefinition feed, string prefix)
        => prefix.Length > 0
            ? $"Set the feed's prefix to the listener's with .ChannelPrefix(\"{ChannelName.Show(prefix)}\"), and run its Script."
            : $"The listener has no ChannelPrefix. Set it to '{ChannelName.Show(feed.Prefix)}', or remove .ChannelPrefix(…) from the feed and run its Script.";

    private static bool HasSettings(FeedShape shape)
        => FeedFunction.Settings.All(setting => shape.Settings.Any(present => present.Replace("\"", "", StringComparison.Ordinal).Equals($"{setting.Name}={setting.Value.Replace("'", "", StringComparison.Ordinal)}", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Whether the function is that of the feed. Line endings, which a tool may have changed, and indentation do not count: Entity Framework Core indents each line of an idempotent script.</summary>
    private static bool IsBodyOf(FeedDefinition feed, FeedShape shape) => LinesOf(new FeedFunction(feed).Body).SequenceEqual(LinesOf(shape.Body!), StringComparer.Ordinal);

    private static string[] LinesOf(string body) => body.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string? Names(IEnumerable<(FeedEvent On, string Name)> triggers)
    {
        var names = string.Join(", ", triggers.Select(trigger => trigger.Name));
        return names.Length > 0 ? names : null;
    }
}
