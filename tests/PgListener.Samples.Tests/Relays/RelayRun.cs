using PgListener.Testing;
using PgListener.TestServer;

namespace PgListener.Samples.Tests.Relays;

/// <summary>Publishes messages while the relay, NATS and PostgreSQL are killed in turn, and then compares the log with the stream.</summary>
internal sealed class RelayRun : IAsyncDisposable
{
    /// <summary>How long no message may come. It is reached only when something is broken.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EphemeralPostgres _postgres;
    private readonly NatsServer _nats;
    private readonly RelayedStream _stream;
    private SampleProcess _relay;
    private Task _reading = Task.CompletedTask;
    private int _repeated;

    private RelayRun(EphemeralPostgres postgres, NatsServer nats, RelayedStream stream)
    {
        _postgres = postgres;
        _nats = nats;
        _stream = stream;
        _relay = StartRelay();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="messages">How many; a multiple of <see cref="RelayDatabase.Round"/>.</param>
    /// <param name="kills">How often each side is killed.</param>
    /// <param name="print">Is told of each kill.</param>
    public static async Task<RelayResult> RunAsync(int messages, int kills, Action<string> print)
    {
        // What is committed has to survive a kill.
        await using var postgres = await EphemeralPostgres.LaunchAsync(new() { ServerSettings = { ["synchronous_commit"] = "on" } }, Cancellation);
        await using var nats = await NatsServer.LaunchAsync();
        await using var database = await RelayDatabase.CreateAsync(postgres);
        await using var stream = new RelayedStream(nats.Url);
        await stream.ForgetIdsSoonAsync();
        await using var run = new RelayRun(postgres, nats, stream);

        var writing = database.WriteAsync(messages);
        await run.KillAsync(messages, kills, print);
        await writing;
        await stream.WaitForAsync(messages, Patience);
        await run._relay.AskToStopAsync();
        await run._reading.WaitAsync(Patience, Cancellation);
        return new(await database.ReadAsync(), await stream.ReadAsync(), kills, run._repeated);
    }

    public ValueTask DisposeAsync()
    {
        _relay.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Kills one side after the other, each when some more messages have arrived since the last kill.</summary>
    private async Task KillAsync(int messages, int kills, Action<string> print)
    {
        Func<Task>[] sides = [KillRelayAsync, KillNatsAsync, KillPostgresAsync];
        var all = kills * sides.Length;
        for (var i = 0; i < all; i++)
        {
            var mark = (long)messages * (i + 1) / (all + 1);
            await _stream.WaitForAsync(mark, Patience);
            await sides[i % sides.Length]();
            print($"{mark} messages: {sides[i % sides.Length].Method.Name}");
        }
    }

    private Task KillRelayAsync()
    {
        _relay.Dispose();
        _relay = StartRelay();
        return Task.CompletedTask;
    }

    private async Task KillNatsAsync()
    {
        await _nats.KillAsync();
        await _nats.StartAsync();
    }

    private async Task KillPostgresAsync()
    {
        await _postgres.KillAsync(Cancellation);
        await _postgres.StartAsync(Cancellation);
    }

    private SampleProcess StartRelay()
    {
        var relay = SampleProcess.Start("Relay", _postgres.ConnectionString, "--Nats", _nats.Url);
        _reading = relay.ReadToEndAsync(line =>
        {
            if (line.Contains("is in the stream already", StringComparison.Ordinal))
                Interlocked.Increment(ref _repeated);
        });
        return relay;
    }
}
