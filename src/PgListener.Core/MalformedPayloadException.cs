using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>Thrown by a callback that cannot read a notification's payload and has logged it. The notification counts as failed.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown for one reason, caught as what it is, and never seen by a user.")]
internal sealed class MalformedPayloadException(Exception cause) : ListenerException("The payload is malformed.", cause);
