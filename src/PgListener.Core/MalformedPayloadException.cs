using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>What a callback throws to say that it has left out a notification whose payload it could not read, and has said so in the log.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown for one reason, caught as what it is, and never seen by a user.")]
internal sealed class MalformedPayloadException(Exception cause) : ListenerException("The payload is malformed.", cause);
