using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A consumer's process, seen from outside.</summary>
internal sealed class ConsumerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);
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
    public static async Task<ConsumerProcess> StartAsync(BenchCase benchCase, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var settings = benchCase.Settings with { ConnectionString = dataSource.ConnectionString };
        var start = OwnProgram.StartInfo(ConsumerProgram.Verb, benchCase.Consumer);
        start.Environment[ConsumerProgram.Settings] = JsonSerializer.Serialize(settings);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        foreach (var (name, value) in benchCase.Environment)
            start.Environment[name] = value;

        var consumer = new ConsumerProcess(Process.Start(start)!, dataSource);
        try
        {
            await consumer.ExpectAsync(ConsumerProgram.Started, AnswerLimit, cancellationToken);
            await consumer.ProbeAsync(Payload.ChannelOf(0, settings.Channels), cancellationToken);
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
        await TellAsync(ConsumerProgram.Arm + JsonSerializer.Serialize(load.Order));
        await ExpectAsync(ConsumerProgram.Armed, AnswerLimit, cancellationToken);
        await load.SendAsync(_dataSource, cancellationToken);
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
    private async Task ProbeAsync(string channel, CancellationToken cancellationToken)
    {
        var ready = ExpectAsync(ConsumerProgram.Ready, AnswerLimit, cancellationToken);
        while (!ready.IsCompleted)
        {
            await using var command = _dataSource.CreateCommand("SELECT pg_notify($1, $2)");
            command.Parameters.Add(new() { Value = channel });
            command.Parameters.Add(new() { Value = Payload.Probe });
            await command.ExecuteNonQueryAsync(cancellationToken);
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
