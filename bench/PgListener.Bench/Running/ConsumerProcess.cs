using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A consumer's process, seen from outside.</summary>
internal sealed class ConsumerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly NpgsqlDataSource _dataSource;

    private ConsumerProcess(Process process, NpgsqlDataSource dataSource)
    {
        _process = process;
        _dataSource = dataSource;
    }

    /// <summary>Starts it, and waits until it has heard a notification.</summary>
    public static async Task<ConsumerProcess> StartAsync(BenchCase benchCase, NpgsqlDataSource dataSource, IProbe probe, CancellationToken cancellationToken)
    {
        var consumer = await StartAsync(benchCase, dataSource, cancellationToken);
        try
        {
            await consumer.ProbeAsync(probe, cancellationToken);
            return consumer;
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, and waits until it has said so.</summary>
    public static async Task<ConsumerProcess> StartAsync(BenchCase benchCase, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var settings = benchCase.Settings with { ConnectionString = dataSource.ConnectionString };
        var start = benchCase.Start(benchCase.Consumer);
        start.Environment[ConsumerProgram.Settings] = JsonSerializer.Serialize(settings);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        foreach (var (name, value) in benchCase.Environment)
            start.Environment[name] = value;

        var consumer = new ConsumerProcess(Process.Start(start)!, dataSource);
        try
        {
            await consumer.ExpectAsync(ConsumerProgram.Started, AnswerLimit, cancellationToken);
            return consumer;
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts it under a load.</summary>
    /// <returns>The figures it measured.</returns>
    public async Task<Dictionary<string, double>> MeasureAsync(ILoad load, CancellationToken cancellationToken)
    {
        await ArmAsync(load.Order, cancellationToken);
        await load.SendAsync(_dataSource, cancellationToken);
        return await CollectAsync(cancellationToken);
    }

    /// <summary>Tells it what it is about to get, and waits until it is ready for that.</summary>
    public async Task ArmAsync(MeterOrder order, CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Arm + JsonSerializer.Serialize(order));
        await ExpectAsync(ConsumerProgram.Armed, AnswerLimit, cancellationToken);
    }

    /// <summary>Stops its consuming in good order; the process stays, with its code compiled.</summary>
    public async Task PauseAsync(CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Pause);
        await ExpectAsync(ConsumerProgram.Paused, AnswerLimit, cancellationToken);
    }

    /// <summary>Lets it consume again.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Resume);
        await ExpectAsync(ConsumerProgram.Resumed, AnswerLimit, cancellationToken);
    }

    /// <summary>Asks it what it has got so far.</summary>
    public async Task<MeterState> LookAsync(CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Look);
        return JsonSerializer.Deserialize<MeterState>(await ExpectAsync(ConsumerProgram.State, AnswerLimit, cancellationToken))!;
    }

    /// <summary>Asks it when each id arrived, in ticks of the machine's monotonic clock; the index is the id.</summary>
    public async Task<long[]> ArrivalsAsync(CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Arrivals);
        return JsonSerializer.Deserialize<long[]>(await ExpectAsync(ConsumerProgram.Arrivals, AnswerLimit, cancellationToken))!;
    }

    /// <summary>Kills it, as <c>kill -9</c> does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Freezes it, as <c>kill -STOP</c> does.</summary>
    public void Freeze()
    {
        using var kill = Process.Start("kill", ["-STOP", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it has got all of its order.</summary>
    /// <returns>The figures it measured.</returns>
    public async Task<Dictionary<string, double>> CollectAsync(CancellationToken cancellationToken)
    {
        await TellAsync(ConsumerProgram.Collect + JsonSerializer.Serialize(LoadLimit));
        var result = await ExpectAsync(ConsumerProgram.Result, LoadLimit + AnswerLimit, cancellationToken);
        return JsonSerializer.Deserialize<Dictionary<string, double>>(result)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(ExitLimit);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    /// <summary>Sends until something arrives: it listens then, whatever it takes it to begin.</summary>
    private async Task ProbeAsync(IProbe probe, CancellationToken cancellationToken)
    {
        var ready = ExpectAsync(ConsumerProgram.Ready, AnswerLimit, cancellationToken);
        while (!ready.IsCompleted)
        {
            await probe.SendAsync(cancellationToken);
            await Task.WhenAny(ready, Task.Delay(ProbeInterval, cancellationToken));
        }

        await ready;
    }

    private async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Reads the next line, and gives what follows the beginning it must have.</summary>
    private async Task<string> ExpectAsync(string beginning, TimeSpan limit, CancellationToken cancellationToken)
    {
        string? line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"The consumer did not say {beginning.Trim()} within {limit:c}.");
        }

        return line?.StartsWith(beginning, StringComparison.Ordinal) == true
            ? line[beginning.Length..]
            : throw new BenchException(line ?? "The consumer ended.");
    }
}
