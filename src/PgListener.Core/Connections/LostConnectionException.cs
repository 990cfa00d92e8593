using System.Diagnostics.CodeAnalysis;

namespace PgListener.Connections;

/// <summary>A check on a second connection found that the server has ended the session or cannot be reached.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown in one place, caught as what it is in another, and never seen by a user.")]
internal sealed class LostConnectionException(string message) : ListenerException(message);
