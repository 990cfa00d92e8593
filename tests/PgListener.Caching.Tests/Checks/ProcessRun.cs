using System.Globalization;
using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;

namespace PgListener.Caching.Tests.Checks;

/// <summary>Three instances in processes of their own, which are cut off and frozen, and whose sessions are terminated.</summary>
internal static class ProcessRun
{
    public const string Argument = "check";

    private const int Instances = 3;

    private const string Shared = "--shared";

    /// <summary>
    /// With a shared level, another instance may read an old value that was written there late, until the one that has written it has removed it and told the others. That takes as long as the longest fault, and a moment.
    /// </summary>
    private static readonly TimeSpan SharedWindow = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] args)
    {
        var isShared = args.Contains(Shared, StringComparer.Ordinal);
        args = [.. args.Where(arg => arg != Shared)];
        var (kind, writes, faults, seconds, seed) = (CheckedCaches.Hybrid, 1000, 20, 30, 1);
        for (var i = 1; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
            switch (args[i])
            {
                case "--cache" when value is CheckedCaches.Hybrid or CheckedCaches.Fusion:
                    kind = value;
                    break;
                case "--writes":
                    writes = number;
                    break;
                case "--faults":
                    faults = number;
                    break;
                case "--seconds":
                    seconds = number;
                    break;
                case "--seed":
                    seed = number;
                    break;
                default:
                    Console.Error.WriteLine("Usage: PgListener.Caching.Tests check [--cache hybrid|fusion] [--shared] [--writes 1000] [--faults 20] [--seconds 30] [--seed 1]");
                    return 2;
            }
        }

        await using var server = await EphemeralPostgres.LaunchAsync();
        var (journal, fired) = await RunAsync(server.ConnectionString, kind, isShared, writes, faults, TimeSpan.FromSeconds(seconds), seed);
        var stale = journal.FindStale();
        var violations = isShared ? [.. stale.Where(read => read.Age > SharedWindow)] : stale;
        foreach (var violation in violations.Take(20))
            Console.WriteLine(violation);
        Console.WriteLine($"{kind}{(isShared ? " with a shared level" : "")}, {Instances} processes: {journal.Summary()}");
        Console.WriteLine($"faults: {string.Join(", ", fired.CountBy(fault => fault).Select(fault => $"{fault.Value} {fault.Key}"))}");
        if (isShared)
        {
            var within = stale.Except(violations).ToArray();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"stale within the window of the shared level ({SharedWindow.TotalSeconds} s): {within.DistinctBy(read => read.Read).Count()}, the oldest for {within.Select(read => read.Age).DefaultIfEmpty().Max().TotalMilliseconds:0} ms"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stale after it was heard or a gap was announced: {violations.Count}"));
        return violations.Count == 0 ? 0 : 1;
    }

    private static async Task<(Journal Journal, List<string> Faults)> RunAsync(string connectionString, string kind, bool isShared, int writes, int faults, TimeSpan duration, int seed)
    {
        await VersionTable.CreateAsync(connectionString);
        await SharedTable.CreateAsync(connectionString);
        var journal = new Journal();
        var instances = new List<InstanceProcess>();
        try
        {
            var pause = duration * Instances / writes;
            for (var i = 0; i < Instances; i++)
                instances.Add(InstanceProcess.Start(connectionString, kind, $"instance{i}", $"check_{seed}", (writes + Instances - 1 - i) / Instances, pause, seed + 100 * i, isShared, journal));

            await Task.WhenAll(instances.Select(instance => instance.WhenReady));
            var fired = await HarmAsync(connectionString, instances, faults, duration, seed);
            await Task.WhenAll(instances.Select(instance => instance.WhenWritten));
            await Task.Delay(TimeSpan.FromSeconds(1)); // The last invalidations are heard, and the values read.
            await Task.WhenAll(instances.Select(instance => instance.StopAsync()));
            return (journal, fired);
        }
        finally
        {
            foreach (var instance in instances)
                await instance.DisposeAsync();
        }
    }

    private static async Task<List<string>> HarmAsync(string connectionString, List<InstanceProcess> instances, int faults, TimeSpan duration, int seed)
    {
        var random = new Random(seed);
        var fired = new List<string>();
        await using var database = NpgsqlDataSource.Create(connectionString);
        for (var i = 0; i < faults; i++)
        {
            await Task.Delay(duration / faults * random.NextDouble());
            var instance = instances[random.Next(instances.Count)];
            var outage = TimeSpan.FromMilliseconds(random.Next(50, 1500));
            fired.Add((i % 4) switch
            {
                0 => await CutAsync(instance.Network, outage),
                1 => await FreezeProcessAsync(instance, outage),
                2 => await TerminateAsync(database, instance.Name),
                _ => await FreezeNetworkAsync(instance.Network, outage),
            });
        }

        return fired;
    }

    private static async Task<string> CutAsync(FaultProxy network, TimeSpan outage)
    {
        network.Refuses = true;
        network.ResetAll();
        await Task.Delay(outage);
        network.Refuses = false;
        return "cut off";
    }

    /// <summary>Nothing arrives for a while; then the connections end.</summary>
    private static async Task<string> FreezeNetworkAsync(FaultProxy network, TimeSpan outage)
    {
        network.Freeze();
        await Task.Delay(outage);
        network.ResetAll();
        network.Thaw();
        return "cut off without notice";
    }

    private static async Task<string> FreezeProcessAsync(InstanceProcess instance, TimeSpan outage)
    {
        await instance.SignalAsync("STOP");
        await Task.Delay(outage);
        await instance.SignalAsync("CONT");
        return "frozen";
    }

    private static async Task<string> TerminateAsync(NpgsqlDataSource database, string name)
    {
        await using var command = database.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1");
        command.Parameters.Add(new() { Value = name });
        await command.ExecuteNonQueryAsync();
        return "with terminated sessions";
    }
}
