using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgListener.Connections;

/// <summary>LISTEN and a second connection's NOTIFY succeeded, but the notification did not arrive.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown in one place, caught as what it is in another, and never seen by a user.")]
internal sealed class DeafConnectionException(TimeSpan waited, ServerIdentity? listening, ServerIdentity? sending)
    : ListenerException(string.Create(
        CultureInfo.InvariantCulture,
        $"LISTEN succeeded, but a notification sent from a second connection did not arrive within {waited.TotalSeconds:0.0} s. {Cause(listening, sending)}"))
{
    private const string Pooler =
        "the connection goes through a pooler in transaction mode (as PgBouncer's pool_mode = transaction): connect to the server itself, or through a pool in session mode.";

    private static string Cause(ServerIdentity? listening, ServerIdentity? sending)
    {
        if (listening is not null && sending is not null && listening.Server != sending.Server)
        {
            return $"The host's name now leads to another server or database ({sending.Address}) than the one that the listener is connected to ({listening.Address}): after a failover or a change of the name " +
                "this ends by itself with the next connection; else let the connection string name one server.";
        }

        return $"Most likely {Pooler} Or the host's name leads to several servers, and the two connections to different ones: use a name that leads to one.";
    }
}
