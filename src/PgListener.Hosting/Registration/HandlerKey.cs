namespace PgListener.Registration;

/// <summary>Tells a listener's handlers apart, the same one each time they are looked up.</summary>
/// <param name="Channel">The channel's type.</param>
/// <param name="Index">Which registration of a handler for that channel it is.</param>
internal readonly record struct HandlerKey(Type Channel, int Index);
