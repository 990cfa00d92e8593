using System.Net;
using System.Net.Sockets;

namespace PgListener.TestServer;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class FaultLink(FaultProxy proxy, Socket client, CancellationToken ending)
{
    private const int ChunkSize = 64 * 1024;

    private readonly Lock _sync = new();
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
    private TaskCompletionSource? _toServerFrozen;
    private TaskCompletionSource? _toClientFrozen;
    private int? _bytesLeft;
    private bool _resetsAtTheEnd;
    private bool _reset;

    /// <summary>Ends when both sockets are closed.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <param name="target">The server; <see langword="null"/> to swallow what the client sends and answer nothing.</param>
    public void Run(EndPoint? target) => Running = Task.Run(() => RunAsync(target), CancellationToken.None);

    public void Freeze(bool toServer, bool toClient)
    {
        lock (_sync)
        {
            if (toServer)
                _toServerFrozen ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (toClient)
                _toClientFrozen ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Thaw()
    {
        lock (_sync)
        {
            _toServerFrozen?.SetResult();
            _toClientFrozen?.SetResult();
            _toServerFrozen = _toClientFrozen = null;
        }
    }

    /// <summary>Lets so many further bytes through to the client, and then resets or freezes.</summary>
    public void LimitToClient(int bytes, bool reset)
    {
        lock (_sync)
            (_bytesLeft, _resetsAtTheEnd) = (bytes, reset);
    }

    public void Close(bool reset)
    {
        lock (_sync)
            reset = _reset |= reset; // The task that the end of one side wakes ends the other side in the same way.
        Close(client, reset);
        Close(_server, reset);
    }

    private async Task RunAsync(EndPoint? target)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ending);
        var pumps = new List<Task>();
        try
        {
            if (target is not null)
            {
                client.NoDelay = _server.NoDelay = true;
                await _server.ConnectAsync(target, ended.Token).ConfigureAwait(false);
                pumps.Add(PumpToClientAsync(ended.Token));
            }

            pumps.Add(PumpToServerAsync(target is not null, ended.Token));
            await Task.WhenAny(pumps).ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The server is not there: the client's connection ends.
        }

        // What one side has sent before it ended has been passed on by now.
        Close(reset: false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(pumps).ConfigureAwait(false);
        proxy.Remove(this);
    }

    private async Task PumpToServerAsync(bool passOn, CancellationToken ended)
    {
        var buffer = new byte[ChunkSize];
        try
        {
            while (await client.ReceiveAsync(buffer, ended).ConfigureAwait(false) is > 0 and var count)
            {
                proxy.CountFromClient(count);
                if (!passOn)
                    continue;
                await WhenThawedAsync(toServer: true, ended).ConfigureAwait(false);
                proxy.TamperWith(buffer.AsSpan(0, count));
                await SendAsync(_server, buffer.AsMemory(0, count), ended).ConfigureAwait(false);
            }

            // The end is as subject to the fault as the bytes are.
            await WhenThawedAsync(toServer: true, ended).ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One of the two has gone, or all ends.
        }
    }

    private async Task PumpToClientAsync(CancellationToken ended)
    {
        var buffer = new byte[ChunkSize];
        try
        {
            while (await _server.ReceiveAsync(buffer, ended).ConfigureAwait(false) is > 0 and var count)
            {
                if (proxy.Delay is { Ticks: > 0 } delay)
                    await Task.Delay(delay, ended).ConfigureAwait(false);
                await WhenThawedAsync(toServer: false, ended).ConfigureAwait(false);
                var passed = UseUpLimit(count, out var reset);
                await SendAsync(client, buffer.AsMemory(0, passed), ended).ConfigureAwait(false);
                if (reset)
                {
                    Close(reset: true);
                    return;
                }

                await WhenThawedAsync(toServer: false, ended).ConfigureAwait(false);
                await SendAsync(client, buffer.AsMemory(passed, count - passed), ended).ConfigureAwait(false);
            }

            await WhenThawedAsync(toServer: false, ended).ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One of the two has gone, or all ends.
        }
    }

    private async Task WhenThawedAsync(bool toServer, CancellationToken ended)
    {
        while (true)
        {
            Task? frozen;
            lock (_sync)
                frozen = (toServer ? _toServerFrozen : _toClientFrozen)?.Task;
            if (frozen is null)
                return;
            await frozen.WaitAsync(ended).ConfigureAwait(false);
        }
    }

    private int UseUpLimit(int count, out bool reset)
    {
        lock (_sync)
        {
            reset = false;
            if (_bytesLeft is not { } left || count < left)
            {
                _bytesLeft -= count;
                return count;
            }

            _bytesLeft = null;
            reset = _resetsAtTheEnd;
            if (!reset)
                _toClientFrozen ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return left;
        }
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken ended)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, ended).ConfigureAwait(false)..];
    }

    private static void Close(Socket socket, bool reset)
    {
        try
        {
            if (reset)
                socket.LingerState = new(enable: true, seconds: 0);
            else
                socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It was never connected, or is closed already.
        }

        socket.Dispose();
    }

    private static bool IsEnd(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException;
}
