using System.Net;
using System.Net.Sockets;

namespace PgListener.Testing;

/// <summary>Finds a free port.</summary>
internal static class FreePort
{
    // Below the ports from which operating systems serve outgoing connections (Linux from 32768, others from 49152).
    // There, a client that keeps trying while the server is stopped can take the server's port, or even connect to itself.
    private const int Lowest = 15_000;
    private const int Highest = 32_000;

    public static int Next()
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            // Random, so that two test runs that start together seldom want the same one.
            var port = Random.Shared.Next(Lowest, Highest);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use, or reserved by the system: try another.
            }
        }

        throw new EphemeralPostgresException($"No free port between {Lowest} and {Highest} on 127.0.0.1.");
    }
}
