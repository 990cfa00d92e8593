namespace PgListener.Registration;

/// <summary>A handler that is going to run.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Name">What it is called in logs.</param>
/// <param name="ClassName">What it is called in the section <c>Handlers</c>; <see langword="null"/> if that is not known.</param>
/// <param name="Options">The settings that the code gave it.</param>
internal sealed record HandlerEntry(HandlerKey Key, string Name, string? ClassName, HandlerOptions Options);
