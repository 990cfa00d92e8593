using System.Net;
using System.Net.Sockets;
using Npgsql;
using PgListener.TestServer;

namespace PgListener.IntegrationTests;

/// <summary>The proxy does to a connection what it says it does. Its server is one that echoes.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private FaultProxy _proxy = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _listener.Start();
        _proxy = FaultProxy.Start($"Host=127.0.0.1;Port={((IPEndPoint)_listener.LocalEndpoint).Port};Username=u");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync().AsTask().SoonAsync();
        Assert.Equal(0, _proxy.Connections);
        _sockets.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }

    [Fact]
    public async Task Passes_everything_on_and_keeps_the_other_settings()
    {
        var (client, server) = await ConnectAsync();
        await SendAsync(client, "to server");
        Assert.Equal("to server", await ReceiveAsync(server, 9));
        await SendAsync(server, "to client");
        Assert.Equal("to client", await ReceiveAsync(client, 9));
        Assert.Equal((1, 1L, 9L), (_proxy.Connections, _proxy.Accepted, _proxy.FromClients));
        Assert.Equal("u", new NpgsqlConnectionStringBuilder(_proxy.ConnectionString).Username);
    }

    [Fact]
    public async Task Replaces_a_text_in_what_the_client_sends_until_it_is_told_to_stop()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Tamper("LISTEN", "LISTXN");
        await SendAsync(client, "UNLISTEN, LISTEN");
        Assert.Equal("UNLISTXN, LISTXN", await ReceiveAsync(server, 16));
        await SendAsync(server, "LISTEN");
        Assert.Equal("LISTEN", await ReceiveAsync(client, 6));
        _proxy.StopTampering();
        await SendAsync(client, "LISTEN");
        Assert.Equal("LISTEN", await ReceiveAsync(server, 6));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_frozen_direction_holds_what_is_sent_and_the_other_works(bool toServer)
    {
        var (client, server) = await ConnectAsync();
        var (from, to) = toServer ? (client, server) : (server, client);
        if (toServer)
            _proxy.FreezeToServer();
        else
            _proxy.FreezeToClient();

        var held = ReceiveAsync(to, 4);
        await SendAsync(from, "held");
        await SendAsync(to, "free");
        Assert.Equal("free", await ReceiveAsync(from, 4));
        await StaysSilentAsync(held);

        _proxy.Thaw();
        Assert.Equal("held", await held.SoonAsync());
    }

    [Fact]
    public async Task A_freeze_holds_both_directions_and_later_connections_and_a_forgotten_link_only_itself()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Freeze();
        var (laterClient, laterServer) = await ConnectAsync();
        Task<string>[] held = [ReceiveAsync(client, 1), ReceiveAsync(server, 1), ReceiveAsync(laterClient, 1), ReceiveAsync(laterServer, 1)];
        foreach (var socket in new[] { client, server, laterClient, laterServer })
            await SendAsync(socket, "x");
        await StaysSilentAsync(Task.WhenAny(held));
        _proxy.Thaw();
        await Task.WhenAll(held).SoonAsync();

        _proxy.Forget();
        var forgotten = ReceiveAsync(server, 1);
        await SendAsync(client, "x");
        (laterClient, laterServer) = await ConnectAsync();
        await SendAsync(laterClient, "works");
        Assert.Equal("works", await ReceiveAsync(laterServer, 5));
        await StaysSilentAsync(forgotten);
    }

    [Fact]
    public async Task The_end_of_a_connection_is_held_as_its_bytes_are()
    {
        var (client, server) = await ConnectAsync();
        _proxy.FreezeToServer();
        var end = ReceiveAsync(server, 1);
        client.Dispose();
        await StaysSilentAsync(end);
        Assert.Equal(1, _proxy.Connections);
        _proxy.Thaw();
        Assert.Equal("", await end.SoonAsync());
        await _proxy.WhenAsync(proxy => proxy.Connections == 0, Cancellation).SoonAsync();
    }

    [Fact]
    public async Task Resets_both_sides()
    {
        var (client, server) = await ConnectAsync();
        _proxy.ResetAll();
        foreach (var socket in new[] { client, server })
            Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(socket, 1).SoonAsync())).SocketErrorCode);
        await _proxy.WhenAsync(proxy => proxy.Connections == 0, Cancellation).SoonAsync();
    }

    [Fact]
    public async Task Closes_both_sides_in_the_orderly_way()
    {
        var (client, server) = await ConnectAsync();
        _proxy.CloseAll();
        Assert.Equal("", await ReceiveAsync(client, 1).SoonAsync());
        Assert.Equal("", await ReceiveAsync(server, 1).SoonAsync());
        await _proxy.WhenAsync(proxy => proxy.Connections == 0, Cancellation).SoonAsync();
    }

    [Fact]
    public async Task Passes_on_the_end_of_one_side_after_what_it_had_sent()
    {
        var (client, server) = await ConnectAsync();
        await SendAsync(server, "last words");
        server.Dispose();
        Assert.Equal("last words", await ReceiveAsync(client, 100).SoonAsync());
        await _proxy.WhenAsync(proxy => proxy.Connections == 0, Cancellation).SoonAsync();
    }

    [Fact]
    public async Task Cuts_after_exactly_so_many_bytes()
    {
        var (client, server) = await ConnectAsync();
        _proxy.CutToClientAfter(5);
        await SendAsync(server, "123");
        Assert.Equal("123", await ReceiveAsync(client, 3).SoonAsync());
        await SendAsync(server, "45678");
        Assert.Equal("45", await ReceiveAsync(client, 2).SoonAsync());
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(client, 1).SoonAsync())).SocketErrorCode);
    }

    [Fact]
    public async Task Freezes_after_exactly_so_many_bytes()
    {
        var (client, server) = await ConnectAsync();
        _proxy.FreezeToClientAfter(3);
        await SendAsync(server, "12345");
        Assert.Equal("123", await ReceiveAsync(client, 3).SoonAsync());
        var rest = ReceiveAsync(client, 2);
        await StaysSilentAsync(rest);
        _proxy.Thaw();
        Assert.Equal("45", await rest.SoonAsync());
    }

    [Fact]
    public async Task Delays_each_chunk_to_the_client_and_keeps_the_order()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Delay = TimeSpan.FromMilliseconds(50);
        var start = TimeProvider.System.GetTimestamp();
        foreach (var letter in "abc")
            await SendAsync(server, $"{letter}");
        Assert.Equal("abc", await ReceiveAsync(client, 3).SoonAsync());

        // Timers count whole milliseconds, so that one may end up to one early.
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= _proxy.Delay - TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public async Task Refuses_or_stalls_new_connections_only()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Refuses = true;
        var refusal = await Assert.ThrowsAsync<SocketException>(async () => await ReceiveAsync(await ConnectClientAsync(), 1).SoonAsync());
        Assert.Equal(SocketError.ConnectionReset, refusal.SocketErrorCode);

        (_proxy.Refuses, _proxy.Stalls) = (false, true);
        var stalled = await ConnectClientAsync();
        await SendAsync(stalled, "hello?");
        await _proxy.WhenAsync(proxy => proxy is { Connections: 2, FromClients: 6, Accepted: 3 }, Cancellation).SoonAsync();
        await StaysSilentAsync(ReceiveAsync(stalled, 1));
        stalled.Dispose();
        await _proxy.WhenAsync(proxy => proxy.Connections == 1, Cancellation).SoonAsync();

        await SendAsync(client, "x");
        Assert.Equal("x", await ReceiveAsync(server, 1).SoonAsync());
        Assert.False(_listener.Pending());
    }

    [Fact]
    public async Task Ends_connections_whose_server_is_not_there()
    {
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        await using var proxy = FaultProxy.Start($"Host=127.0.0.1;Port={port}");
        _listener.Stop();
        using var client = await ConnectClientAsync(proxy);
        Assert.Equal("", await ReceiveAsync(client, 1).SoonAsync());
        _listener.Start();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ends_with_everything_open_or_frozen(bool frozen)
    {
        var (client, server) = await ConnectAsync();
        if (frozen)
            _proxy.Freeze();
        await SendAsync(client, "x");
        await SendAsync(server, "x");
        await _proxy.DisposeAsync().AsTask().SoonAsync();
        Assert.Equal(0, _proxy.Connections);
        await Assert.ThrowsAsync<SocketException>(() => ConnectClientAsync());
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var client = await ConnectClientAsync();
        var server = await _listener.AcceptSocketAsync(Cancellation).AsTask().SoonAsync();
        _sockets.Add(server);
        return (client, server);
    }

    private async Task<Socket> ConnectClientAsync(FaultProxy? proxy = null)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(client);
        var settings = new NpgsqlConnectionStringBuilder((proxy ?? _proxy).ConnectionString);
        await client.ConnectAsync(settings.Host!, settings.Port, Cancellation);
        return client;
    }

    private static async Task SendAsync(Socket socket, string text) => Assert.Equal(text.Length, await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(text), Cancellation));

    /// <summary>Receives so many bytes, or fewer when the other side ends before.</summary>
    private static async Task<string> ReceiveAsync(Socket socket, int count)
    {
        var buffer = new byte[count];
        var received = 0;
        while (received < count && await socket.ReceiveAsync(buffer.AsMemory(received), Cancellation) is > 0 and var some)
            received += some;
        return System.Text.Encoding.ASCII.GetString(buffer, 0, received);
    }

    /// <summary>That nothing happens can only be seen by waiting for a while; a loaded machine cannot make this fail.</summary>
    private static async Task StaysSilentAsync(Task task)
        => Assert.NotSame(task, await Task.WhenAny(task, Task.Delay(100, Cancellation)));
}
