using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Chaos.Readers;

/// <summary>The readers that run.</summary>
internal sealed class ReaderPool(ChaosDatabase database, RunLog log) : IAsyncDisposable
{
    private readonly Lock _sync = new();
    private readonly List<ReaderProcess> _running = [];
    private readonly List<ReaderProcess> _all = [];

    /// <summary>How many run.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
                return _running.Count;
        }
    }

    /// <summary>How many were started.</summary>
    public int Started => _all.Count;

    /// <summary>Starts one more.</summary>
    public void Start()
    {
        lock (_sync)
        {
            var name = $"reader{_all.Count + 1}";
            var reader = ReaderProcess.Start(name, database.ConnectionStringOf(name));
            _all.Add(reader);
            _running.Add(reader);
        }
    }

    /// <summary>Chooses one of those that run.</summary>
    public ReaderProcess Pick(Random random)
    {
        lock (_sync)
            return _running[random.Next(_running.Count)];
    }

    /// <summary>Ends one.</summary>
    public async Task RemoveAsync(ReaderProcess reader, Func<ReaderProcess, Task> end)
    {
        lock (_sync)
        {
            if (!_running.Remove(reader))
                return;
        }

        if (reader.HasExited)
            log.AddError($"{reader.Name} has ended by itself. It has printed: {reader.Printed}");
        try
        {
            await end(reader);
        }
        catch (TimeoutException e)
        {
            log.AddError(e.Message);
        }
    }

    /// <summary>Ends all in order.</summary>
    public async Task StopAsync()
    {
        ReaderProcess[] running;
        lock (_sync)
            running = [.. _running];
        await Task.WhenAll(running.Select(one => RemoveAsync(one, reader => reader.StopAsync())));
    }

    /// <summary>What all of them have printed at last.</summary>
    public string Printed() => string.Join(Environment.NewLine, _all.Select(reader => $"--- {reader.Name}{Environment.NewLine}{reader.Printed}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var reader in _all)
        {
            await reader.KillAsync();
            await reader.Network.DisposeAsync();
        }
    }
}
