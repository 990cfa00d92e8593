namespace PgListener.Durable.Chaos.Checks;

/// <summary>A promise that was not kept.</summary>
/// <param name="Rule">Which.</param>
/// <param name="Subscription">Whose.</param>
/// <param name="Text">What happened.</param>
public sealed record Violation(Rule Rule, string Subscription, string Text);
