using System.Diagnostics;
using System.Globalization;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;
using PgListener.Testing;

namespace PgListener.Chaos;

/// <summary>One run: publishers, three listeners, faults for a while, then peace; and at the end the check of what was recorded.</summary>
public sealed class ChaosRun
{
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(200);

    private readonly ChaosOptions _options;
    private readonly Action<string> _print;
    private readonly RunLog _log = new([.. Settings.Channels, .. Settings.WideChannels]);

    private ChaosRun(ChaosOptions options, Action<string> print)
    {
        _options = options;
        _print = print;
    }

    /// <summary>Runs on a server of its own.</summary>
    public static async Task<Summary> RunAsync(ChaosOptions options, Action<string> print)
    {
        await using var server = await EphemeralPostgres.LaunchAsync();
        var run = new ChaosRun(options, print);
        await run.RunAsync(server);
        return new(options, server.Source, run._log, Checker.Check(run._log));
    }

    private async Task RunAsync(EphemeralPostgres server)
    {
        var database = await ChaosDatabase.CreateAsync(server);
        await using var publishers = new Publishers(database.ConnectionString, _log, _options.Seed);
        await using var cast = await Cast.StartAsync(database, _log, new Random(_options.Seed));
        using var ended = new CancellationTokenSource();
        Task[] watchers = [.. cast.Subjects.Select(subject => subject.WatchAsync(ended.Token)), ReportAsync(cast, ended.Token)];

        await HarmAsync(server, database, publishers, cast);
        _log.HealedAt = DateTimeOffset.UtcNow;
        await RecoverAsync(publishers);
        foreach (var subject in cast.Subjects)
            await subject.StopAsync();
        await ended.CancelAsync();
        await Task.WhenAll(watchers);
    }

    /// <summary>All lanes side by side, and then everything is healed.</summary>
    private async Task HarmAsync(EphemeralPostgres server, ChaosDatabase database, Publishers publishers, Cast cast)
    {
        var plan = Plan.Draw(_options.Seed, _options.Duration);
        Lane LaneOf(IReadOnlyList<Step> steps, Func<FaultKind, Random, Task<string?>> perform)
            => new([.. steps.Where(step => !_options.Without.Contains(step.Kind))], perform, _log);

        var network = new NetworkFaults(cast.Subjects);
        var settings = new SettingFaults(database, cast.Subjects);
        var user = new UserFaults(cast);
        await user.BeginAsync(CancellationToken.None);
        using (var over = new CancellationTokenSource(_options.Duration))
        {
            await Task.WhenAll(
                publishers.RunAsync(over.Token),
                LaneOf(plan.Server, new ServerFaults(server, database, cast.Subjects).PerformAsync).RunAsync(over.Token),
                LaneOf(plan.Network, network.PerformAsync).RunAsync(over.Token),
                LaneOf(plan.Settings, settings.PerformAsync).RunAsync(over.Token),
                LaneOf(plan.Load, new LoadFaults(database, cast, publishers).PerformAsync).RunAsync(over.Token),
                LaneOf(plan.User, user.PerformAsync).RunAsync(over.Token));
        }

        network.Heal();
        await settings.HealAsync();
        await user.HealAsync();
    }

    /// <summary>Sends until every subscription has heard something that was sent after the last fault, and then waits until they have heard all.</summary>
    private async Task RecoverAsync(Publishers publishers)
    {
        var clock = Stopwatch.StartNew();
        var before = _log.Sent.ToDictionary(sent => sent.Key, sent => sent.Value.Count);
        while (!HaveHeard(before) && clock.Elapsed < 2 * Settings.RecoveryLimit)
        {
            await publishers.SendRoundAsync();
            await Task.Delay(RoundPause);
        }

        var all = _log.Sent.ToDictionary(sent => sent.Key, sent => sent.Value.Count - 1);
        clock.Restart();
        while (!HaveHeard(all) && clock.Elapsed < Settings.RecoveryLimit)
            await Task.Delay(RoundPause / 10);

        bool HaveHeard(Dictionary<string, int> numbers) => Array.TrueForAll(_log.Snapshot(), one => one.EndBegun is not null || one.LastNumber > numbers[one.Channel]);
    }

    /// <summary>Samples the memory, and says now and then how far the run is.</summary>
    private async Task ReportAsync(Cast cast, CancellationToken ended)
    {
        var clock = Stopwatch.StartNew();
        var next = Progress;
        while (!ended.IsCancellationRequested)
        {
            var memory = GC.GetTotalMemory(forceFullCollection: false);
            if (memory > _log.Memory.Bytes)
                _log.Memory = (memory, _log.Entries, DateTimeOffset.UtcNow);
            if (clock.Elapsed >= next)
            {
                next += Progress;
                var states = string.Join(", ", cast.Subjects.Select(subject => $"{subject.Name} {subject.Status.State}"));
                _print(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,5:0} s: {_log.Entries} entries, {_log.Snapshot().Length} subscriptions, {memory / 1e6:0} MB; {states}"));
            }

            await Task.Delay(100, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
