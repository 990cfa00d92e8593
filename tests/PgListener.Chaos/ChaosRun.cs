using System.Diagnostics;
using System.Globalization;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;
using PgListener.Testing;

namespace PgListener.Chaos;

/// <summary>One run: a publisher, two listeners, faults for a while, then peace; and at the end the check of what was recorded.</summary>
public sealed class ChaosRun
{
    private static readonly string[] Channels = ["c0", "c1", "c2", "c3", "c4"];
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(200);

    private readonly ChaosOptions _options;
    private readonly Action<string> _print;
    private readonly RunLog _log = new(Channels);

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
        await using var steady = new Subject("steady", server.ConnectionString, borrows: false, _log);
        await using var restarted = new Subject("restarted", server.ConnectionString, borrows: true, _log);
        await using var publisher = new Publisher(server.ConnectionString, _log, _options.Seed);
        Subject[] subjects = [steady, restarted];
        var plan = Plan.Draw(_options.Seed, _options.Duration);
        var user = new UserFaults(subjects, Channels, _log);
        var network = new NetworkFaults(subjects);

        using var ended = new CancellationTokenSource();
        Task[] watchers = [.. subjects.Select(subject => subject.WatchAsync(ended.Token)), ReportAsync(subjects, ended.Token)];
        var random = new Random(_options.Seed);
        foreach (var subject in subjects)
            await subject.StartAsync(random);
        await user.BeginAsync(CancellationToken.None);

        using (var over = new CancellationTokenSource(_options.Duration))
        {
            await Task.WhenAll(
                publisher.RunAsync(over.Token),
                new Lane(plan.Server, new ServerFaults(server, subjects).PerformAsync, _log).RunAsync(over.Token),
                new Lane(plan.Network, network.PerformAsync, _log).RunAsync(over.Token),
                new Lane(plan.User, user.PerformAsync, _log).RunAsync(over.Token));
        }

        network.Heal();
        await user.HealAsync();
        _log.HealedAt = DateTimeOffset.UtcNow;
        await RecoverAsync(publisher);
        foreach (var subject in subjects)
            await subject.StopAsync(inHurry: false);
        await ended.CancelAsync();
        await Task.WhenAll(watchers);
    }

    /// <summary>Sends until every subscription has heard something that was sent after the last fault, and then waits until they have heard all.</summary>
    private async Task RecoverAsync(Publisher publisher)
    {
        var clock = Stopwatch.StartNew();
        var before = _log.Sent.ToDictionary(sent => sent.Key, sent => sent.Value.Count);
        while (!HaveHeard(before) && clock.Elapsed < 2 * Settings.RecoveryLimit)
        {
            await publisher.SendRoundAsync();
            await Task.Delay(RoundPause);
        }

        var all = _log.Sent.ToDictionary(sent => sent.Key, sent => sent.Value.Count - 1);
        clock.Restart();
        while (!HaveHeard(all) && clock.Elapsed < Settings.RecoveryLimit)
            await Task.Delay(RoundPause / 10);

        bool HaveHeard(Dictionary<string, int> numbers) => Array.TrueForAll(_log.Snapshot(), one => one.EndBegun is not null || one.LastNumber > numbers[one.Channel]);
    }

    /// <summary>Samples the memory, and says now and then how far the run is.</summary>
    private async Task ReportAsync(Subject[] subjects, CancellationToken ended)
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
                var states = string.Join(", ", subjects.Select(subject => $"{subject.Name} {subject.Listener.State}"));
                _print(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,5:0} s: {_log.Entries} entries, {_log.Snapshot().Length} subscriptions, {memory / 1e6:0} MB; {states}"));
            }

            await Task.Delay(100, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
