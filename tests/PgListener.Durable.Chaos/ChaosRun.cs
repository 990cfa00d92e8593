using System.Diagnostics;
using System.Globalization;
using PgListener.Durable.Chaos.Checks;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Logs;
using PgListener.Durable.Chaos.Readers;
using PgListener.Durable.Chaos.Writers;
using PgListener.Testing;

namespace PgListener.Durable.Chaos;

/// <summary>One run: writers, readers in processes of their own, faults for a while, then peace; and at the end the check of what was recorded.</summary>
public sealed class ChaosRun
{
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly ChaosOptions _options;
    private readonly Action<string> _print;
    private readonly RunLog _log = new(Cast.Promises);

    private ChaosRun(ChaosOptions options, Action<string> print)
    {
        _options = options;
        _print = print;
    }

    /// <summary>Runs on a server of its own.</summary>
    public static async Task<Summary> RunAsync(ChaosOptions options, Action<string> print)
    {
        // What is confirmed has to survive a kill.
        var settings = new EphemeralPostgresOptions { ServerSettings = { ["synchronous_commit"] = "on", ["max_connections"] = "400" } };
        await using var server = await EphemeralPostgres.LaunchAsync(settings);
        var run = new ChaosRun(options, print);
        var readers = await run.RunAsync(server);
        return new(options, server.Source, run._log, Checker.Check(run._log), readers.Started, readers.Printed);
    }

    private async Task<(int Started, string Printed)> RunAsync(EphemeralPostgres server)
    {
        var database = await ChaosDatabase.CreateAsync(server);
        await using var readers = new ReaderPool(database, _log);
        for (var i = 0; i < Settings.FirstReaders; i++)
            readers.Start();

        await HarmAsync(server, database, readers);
        await RecoverAsync(database, readers);
        await readers.StopAsync();
        _log.Resolve(await database.ReadWrittenAsync());
        foreach (var effect in await database.ReadEffectsAsync())
            _log.Add(effect);
        foreach (var stall in await database.ReadStallsAsync())
            _log.Add(stall);
        return (readers.Started, readers.Printed());
    }

    /// <summary>All lanes side by side.</summary>
    private async Task HarmAsync(EphemeralPostgres server, ChaosDatabase database, ReaderPool readers)
    {
        var plan = Plan.Draw(_options.Seed, _options.Duration);
        Lane LaneOf(IReadOnlyList<Step> steps, Func<FaultKind, Random, Task<string?>> perform) => new(steps.Where(step => !_options.Without.Contains(step.Kind)), perform, _log);

        await using var host = await PublishingHost.StartAsync(database.ConnectionString);
        var numbers = new Numbers();
        var writers = Enumerable.Range(0, Settings.Writers).Select(i => new Writer(database.ConnectionString, host.Publisher, numbers, _log, _options.Seed + i)).ToArray();
        using var over = new CancellationTokenSource(_options.Duration);
        await Task.WhenAll([
            .. writers.Select(writer => writer.RunAsync(over.Token)),
            LaneOf(plan.Readers, new ReaderFaults(readers, database).PerformAsync).RunAsync(over.Token),
            LaneOf(plan.Server, new ServerFaults(server, database).PerformAsync).RunAsync(over.Token),
            ReportAsync(readers, over.Token)]);
    }

    /// <summary>Waits until every subscription has handled all that was committed, or nothing happens any more.</summary>
    private async Task RecoverAsync(ChaosDatabase database, ReaderPool readers)
    {
        while (readers.Count < Settings.FirstReaders)
            readers.Start();

        var committed = (await database.ReadWrittenAsync()).Count;
        var (total, progressAt, next) = (0L, TimeSpan.Zero, Progress);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed - progressAt < Settings.RecoveryLimit)
        {
            var handled = await database.CountHandledAsync();
            if (_log.Promises.All(promise => handled.GetValueOrDefault(promise.Subscription) >= committed))
                break;
            if (handled.Values.Sum() is var sum && sum > total)
                (total, progressAt) = (sum, clock.Elapsed);
            if (clock.Elapsed >= next)
            {
                next += Progress;
                _print(string.Create(CultureInfo.InvariantCulture, $"recovering: {total} of {committed * _log.Promises.Count} are handled"));
            }

            await Task.Delay(Look);
        }

        _print(string.Create(CultureInfo.InvariantCulture, $"recovered after {clock.Elapsed.TotalSeconds:0.0} s"));
    }

    private async Task ReportAsync(ReaderPool readers, CancellationToken ended)
    {
        var clock = Stopwatch.StartNew();
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(Progress, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _print(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,5:0} s: {readers.Count} readers"));
        }
    }
}
