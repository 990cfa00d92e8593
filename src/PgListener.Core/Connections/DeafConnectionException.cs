using System.Diagnostics.CodeAnalysis;

namespace PgListener.Connections;

/// <summary>LISTEN succeeded, a second connection's NOTIFY too, and nothing came.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown in one place, caught as what it is in another, and never seen by a user.")]
internal sealed class DeafConnectionException(TimeSpan waited)
    : ListenerException(
        $"LISTEN succeeded, but a notification sent from a second connection did not arrive within {waited.TotalSeconds:0.0} s. Most likely the connection goes through a pooler in transaction mode " +
        "(as PgBouncer's pool_mode = transaction): connect to the server itself, or through a pool in session mode.");
