namespace PgListener.Analyzers.Generation;

/// <summary>One call of AddHandler that AddHandlers makes. Texts only: a symbol would keep a whole compilation alive.</summary>
/// <param name="Channel">The channel's type, with its namespace and <c>global::</c>.</param>
/// <param name="Handler">The handler's class, likewise.</param>
internal readonly record struct HandlerCall(string Channel, string Handler);
