using System.Diagnostics;
using System.Text.Json;

namespace PgListener.Bench;

/// <summary>A consumer's process. It is told what to do on its standard input, a line at a time, and answers on its standard output.</summary>
internal static class ConsumerProgram
{
    public const string Verb = "consumer";

    /// <summary>The variable that holds the settings: because they contain a password, they must not be on the command line, which every user can read.</summary>
    public const string Settings = "PGLISTENER_BENCH_SETTINGS";
    public const string Started = "STARTED";
    public const string Ready = "READY";
    public const string Arm = "ARM ";
    public const string Armed = "ARMED";
    public const string Collect = "COLLECT ";
    public const string Result = "RESULT ";
    public const string Failed = "FAILED ";

    /// <summary>Everything but the consumer runs on the main thread, so that it takes no worker from the thread pool. It ends with its standard input, without an orderly stop, of which nothing is measured.</summary>
    public static int Run(string kind)
    {
        try
        {
            var settings = JsonSerializer.Deserialize<ConsumerSettings>(Environment.GetEnvironmentVariable(Settings)!)!;
            var started = Start(kind, settings);
            Console.WriteLine(Started);
            Meter.Instance.Heard.Wait();
            Console.WriteLine(Ready);
            while (Console.ReadLine() is { } line)
                Obey(line, started);
            return 0;
        }
        catch (Exception e)
        {
            // Whatever it is, who started the process reports it.
            Console.WriteLine(Failed + e.ToString().ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static TimeSpan Start(string kind, ConsumerSettings settings)
    {
        if (settings.RehearseStart)
        {
            var rehearsal = ConsumerKinds.Create(kind, settings);
            rehearsal.StartAsync().GetAwaiter().GetResult();
            rehearsal.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Calm.Wait();
        }

        var begin = Stopwatch.GetTimestamp();
        ConsumerKinds.Create(kind, settings).StartAsync().GetAwaiter().GetResult();
        return Stopwatch.GetElapsedTime(begin);
    }

    private static void Obey(string line, TimeSpan started)
    {
        if (line.StartsWith(Arm, StringComparison.Ordinal))
        {
            Meter.Instance.Arm(JsonSerializer.Deserialize<MeterOrder>(line[Arm.Length..])!);
            Console.WriteLine(Armed);
        }
        else if (line.StartsWith(Collect, StringComparison.Ordinal))
        {
            var limit = JsonSerializer.Deserialize<TimeSpan>(line[Collect.Length..]);
            var figures = Meter.Instance.Collect(limit);
            figures[Figure.StartMs] = started.TotalMilliseconds;
            Console.WriteLine(Result + JsonSerializer.Serialize(figures));
        }
        else
        {
            throw new BenchException($"Not understood: {line}");
        }
    }
}
