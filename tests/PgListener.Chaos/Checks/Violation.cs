namespace PgListener.Chaos.Checks;

/// <summary>A promise that was not kept.</summary>
/// <param name="Rule">Which.</param>
/// <param name="Subject">The listener or subscription.</param>
/// <param name="At">When it showed.</param>
/// <param name="Text">What happened.</param>
/// <param name="Position">Where in the subscription's log.</param>
public sealed record Violation(Rule Rule, string Subject, DateTimeOffset At, string Text, int? Position = null);
