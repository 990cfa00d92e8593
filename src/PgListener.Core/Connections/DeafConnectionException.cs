using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgListener.Connections;

/// <summary>LISTEN succeeded, a second connection's NOTIFY too, and nothing came.</summary>
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
            return $"The name leads to another server or database now ({sending.Address}) than the one that is listened to ({listening.Address}): after a failover or a change of the name " +
                "this ends by itself with the next connection; else let the connection string name one server.";
        }

        return $"Most likely {Pooler} Or the name leads to different servers, one connection to this and another to that: let it lead to one.";
    }
}
