using System.Globalization;

namespace PgListener.Caching.Tests.Checks;

/// <summary>One instance in a process of its own, until its standard input ends.</summary>
internal static class InstanceProgram
{
    public const string Argument = "check-instance";

    /// <summary>Follows the others if there is a shared level.</summary>
    public const string SharedArgument = "shared";

    /// <summary>The environment variable with the connection string of the caches.</summary>
    public const string Variable = "PGLISTENER_CHECK_DB";

    /// <summary>The environment variable with that of the source, whose connections are not cut.</summary>
    public const string SourceVariable = "PGLISTENER_CHECK_SOURCE";

    /// <summary>Printed when the cache hears what others remove.</summary>
    public const string Ready = "ready";

    /// <summary>Printed when all is written.</summary>
    public const string Written = "written";

    public static async Task<int> RunAsync(string[] args)
    {
        var (kind, name, channel) = (args[1], args[2], args[3]);
        var (writes, pause, seed) = (Number(args[4]), TimeSpan.FromMilliseconds(Number(args[5])), Number(args[6]));
        var source = Environment.GetEnvironmentVariable(SourceVariable)!;
        await using var shared = args[7..] is [SharedArgument] ? new SharedTable(source) : null;
        await using var instance = new Instance(Environment.GetEnvironmentVariable(Variable)!);
        var cache = await CheckedCaches.StartAsync(kind, instance, channel, shared);
        await using var table = new VersionTable(source);
        var journal = new Journal();
        var check = new CheckedInstance(name, instance, cache, table, journal);

        Console.WriteLine(Ready);
        using var ended = new CancellationTokenSource();
        var reading = Task.WhenAll(CheckedInstance.FenceAsync(source, cache, ended.Token), check.ReadAsync(seed, ended.Token), check.ReadAsync(seed + 1, ended.Token));
        await check.WriteAsync(writes, pause, seed);
        Console.WriteLine(Written);
        await Task.Run(Console.In.ReadToEnd);
        await ended.CancelAsync();
        await reading;
        foreach (var line in journal.ToLines())
            Console.WriteLine(line);
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
