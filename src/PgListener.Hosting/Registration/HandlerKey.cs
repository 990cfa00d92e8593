namespace PgListener.Registration;

/// <summary>Identifies one of a listener's handlers. It is the same at each lookup.</summary>
/// <param name="Channel">The channel's type.</param>
/// <param name="Index">Its position among the registrations of handlers for that channel.</param>
internal readonly record struct HandlerKey(Type Channel, int Index);
