using System.Net;
using System.Net.Sockets;

namespace PgListener.Bench;

/// <summary>Finds a port of this machine for a server that has to be told one.</summary>
internal static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
