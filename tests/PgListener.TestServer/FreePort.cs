using System.Net;
using System.Net.Sockets;

namespace PgListener.TestServer;

/// <summary>A port of this machine that nobody listens on at the moment.</summary>
internal static class FreePort
{
    public static int Next()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
