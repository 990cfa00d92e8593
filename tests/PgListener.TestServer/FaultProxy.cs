using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace PgListener.TestServer;

/// <summary>
/// A TCP proxy between a client and its server that does what networks do: black holes, half-open links, resets, cuts, delays.
/// A fault is in force when the method that causes it returns.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Lock _sync = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<FaultLink> _links = [];
    private readonly Task _accepting;
    private DnsEndPoint _server;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _toServerFrozen;
    private bool _toClientFrozen;
    private bool _disposed;
    private long _accepted;
    private long _fromClients;
    private long _delayTicks;
    private volatile Tampering? _tampering;

    private FaultProxy(NpgsqlConnectionStringBuilder target)
    {
        _server = new(target.Host!, target.Port);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        (target.Host, target.Port) = ("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);
        ConnectionString = target.ConnectionString;
        _accepting = AcceptAsync();
    }

    /// <summary>The settings of the server, but through the proxy.</summary>
    public string ConnectionString { get; }

    /// <summary>Whether new connections are reset as soon as they are made.</summary>
    public bool Refuses { get; set; }

    /// <summary>Whether new connections are accepted and then get no byte, for as long as they last.</summary>
    public bool Stalls { get; set; }

    /// <summary>How long each chunk to the client is held. Order is kept.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>How many connections clients hold open now, stalled ones too.</summary>
    public int Connections
    {
        get
        {
            lock (_sync)
                return _links.Count;
        }
    }

    /// <summary>How many connections were ever accepted, refused ones too.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>How many bytes clients have sent, those that were not passed on too.</summary>
    public long FromClients => Interlocked.Read(ref _fromClients);

    /// <summary>Starts a proxy for the server of a connection string.</summary>
    public static FaultProxy Start(string connectionString) => new(new(connectionString));

    /// <summary>Nothing gets to the server any more, on connections of now and later; all of them stay open.</summary>
    public void FreezeToServer() => Freeze(toServer: true, toClient: false);

    /// <summary>Nothing gets to the clients any more, on connections of now and later; all of them stay open.</summary>
    public void FreezeToClient() => Freeze(toServer: false, toClient: true);

    /// <summary>Nothing gets through any more, on connections of now and later; all of them stay open.</summary>
    public void Freeze() => Freeze(toServer: true, toClient: true);

    /// <summary>Nothing gets through any more on the connections of now, as when a router on the way has forgotten them. Later ones work.</summary>
    public void Forget()
    {
        foreach (var link in Links())
            link.Freeze(toServer: true, toClient: true);
    }

    /// <summary>Everything gets through again, what was held first.</summary>
    public void Thaw()
    {
        lock (_sync)
        {
            _toServerFrozen = _toClientFrozen = false;
            _links.ForEach(link => link.Thaw());
        }
    }

    /// <summary>Later connections lead to another server, as when a name or an address is given to that one. Those of now stay.</summary>
    public void LeadTo(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        lock (_sync)
            _server = new(target.Host!, target.Port);
    }

    /// <summary>Replaces a text in what clients send, as a device does that lets only some requests through. It has to come in one piece.</summary>
    /// <param name="text">The text.</param>
    /// <param name="by">What the server gets instead, of the same length.</param>
    public void Tamper(string text, string by) => _tampering = new(Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes(by));

    /// <summary>Passes on what clients send as it is again.</summary>
    public void StopTampering() => _tampering = null;

    /// <summary>Resets all connections of now, on both sides.</summary>
    public void ResetAll()
    {
        foreach (var link in Links())
            link.Close(reset: true);
    }

    /// <summary>Ends all connections of now in the orderly way, on both sides.</summary>
    public void CloseAll()
    {
        foreach (var link in Links())
            link.Close(reset: false);
    }

    /// <summary>Lets exactly so many further bytes through to the client on each connection of now, and then resets it.</summary>
    public void CutToClientAfter(int bytes)
    {
        foreach (var link in Links())
            link.LimitToClient(bytes, reset: true);
    }

    /// <summary>Lets exactly so many further bytes through to the client on each connection of now, and then freezes it in that direction.</summary>
    public void FreezeToClientAfter(int bytes)
    {
        foreach (var link in Links())
            link.LimitToClient(bytes, reset: false);
    }

    /// <summary>Waits for something that shows in <see cref="Connections"/>, <see cref="Accepted"/> or <see cref="FromClients"/>.</summary>
    public async Task WhenAsync(Func<FaultProxy, bool> condition, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task changed;
            lock (_sync)
                changed = _changed.Task;
            if (condition(this))
                return;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends everything; no task and no socket is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;

        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(Links().Select(link => link.Running)).ConfigureAwait(false);
        _ending.Dispose();
    }

    internal void CountFromClient(int bytes)
    {
        Interlocked.Add(ref _fromClients, bytes);
        Changed();
    }

    internal void TamperWith(Span<byte> bytes)
    {
        if (_tampering is not { } tampering)
            return;

        while (bytes.IndexOf(tampering.Text) is >= 0 and var start)
        {
            tampering.By.CopyTo(bytes[start..]);
            bytes = bytes[(start + tampering.By.Length)..];
        }
    }

    internal void Remove(FaultLink link)
    {
        lock (_sync)
            _links.Remove(link);
        Changed();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (_ending.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            if (Refuses)
            {
                client.LingerState = new(enable: true, seconds: 0);
                client.Dispose();
                Changed();
                continue;
            }

            lock (_sync)
            {
                var link = new FaultLink(this, client, _ending.Token);
                link.Freeze(_toServerFrozen, _toClientFrozen);
                _links.Add(link);
                link.Run(Stalls ? null : _server);
            }

            Changed();
        }
    }

    private void Freeze(bool toServer, bool toClient)
    {
        lock (_sync)
        {
            _toServerFrozen |= toServer;
            _toClientFrozen |= toClient;
            _links.ForEach(link => link.Freeze(toServer, toClient));
        }
    }

    private FaultLink[] Links()
    {
        lock (_sync)
            return [.. _links];
    }

    private void Changed()
    {
        TaskCompletionSource changed;
        lock (_sync)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    private sealed record Tampering(byte[] Text, byte[] By);
}
