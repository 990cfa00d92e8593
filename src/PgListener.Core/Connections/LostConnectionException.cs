using System.Diagnostics.CodeAnalysis;

namespace PgListener.Connections;

/// <summary>The server was found to have ended the session, or to be out of reach, by asking it in another way.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown in one place, caught as what it is in another, and never seen by a user.")]
internal sealed class LostConnectionException(string message) : ListenerException(message);
