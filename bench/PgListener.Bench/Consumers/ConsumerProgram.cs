using System.Diagnostics;
using System.Text.Json;

namespace PgListener.Bench;

/// <summary>A consumer's process. It is told what to do on its standard input, a line at a time, and answers on its standard output.</summary>
internal sealed class ConsumerProgram
{
    public const string Verb = "consumer";

    /// <summary>The variable that holds the settings: because they contain a password, they must not be on the command line, which every user can read.</summary>
    public const string Settings = "PGLISTENER_BENCH_SETTINGS";
    public const string Started = "STARTED";
    public const string Ready = "READY";
    public const string Arm = "ARM ";
    public const string Armed = "ARMED";
    public const string Pause = "PAUSE";
    public const string Paused = "PAUSED";
    public const string Resume = "RESUME";
    public const string Resumed = "RESUMED";
    public const string Look = "LOOK";
    public const string State = "STATE ";
    public const string Arrivals = "ARRIVALS ";
    public const string Collect = "COLLECT ";
    public const string Result = "RESULT ";
    public const string Failed = "FAILED ";

    private readonly Func<IConsumer> _create;
    private IConsumer _consumer;
    private long _begin;
    private TimeSpan _started;

    private ConsumerProgram(Func<IConsumer> create, int rehearsals)
    {
        _create = create;
        _consumer = Start();
        for (var rehearsal = 0; rehearsal < rehearsals; rehearsal++)
        {
            Stop();
            Calm.Wait();
            _consumer = Start();
        }
    }

    /// <summary>Everything but the consumer runs on the main thread, so that it takes no worker from the thread pool. It ends with its standard input, without an orderly stop, of which nothing is measured.</summary>
    /// <param name="kind">The consumer's name.</param>
    /// <param name="create">Makes consumers by name.</param>
    public static int Run(string kind, Func<string, ConsumerSettings, IConsumer> create)
    {
        try
        {
            var settings = JsonSerializer.Deserialize<ConsumerSettings>(Environment.GetEnvironmentVariable(Settings)!)!;
            using var traces = settings.Tracing is { } decision ? TraceCollector.Start(decision) : null;
            if (settings.Order is { } order)
                Meter.Instance.Arm(order);
            var program = new ConsumerProgram(() => create(kind, settings), settings.Rehearsals);
            Console.WriteLine(Started);
            if (settings.Order is null)
            {
                Meter.Instance.Heard.Wait();
                Console.WriteLine(Ready);
            }

            while (Console.ReadLine() is { } line)
                Console.WriteLine(program.Obey(line));
            return 0;
        }
        catch (Exception e)
        {
            // Whatever it is, who started the process reports it.
            Console.WriteLine(Failed + e.ToString().ReplaceLineEndings(" "));
            return 1;
        }
    }

    private string Obey(string line)
    {
        if (line == Look)
            return State + JsonSerializer.Serialize(Meter.Instance.Look(_begin));
        if (line == Arrivals)
            return Arrivals + JsonSerializer.Serialize(Meter.Instance.Arrivals);
        if (line.StartsWith(Arm, StringComparison.Ordinal))
        {
            Meter.Instance.Arm(JsonSerializer.Deserialize<MeterOrder>(line[Arm.Length..])!);
            return Armed;
        }

        if (line == Pause)
        {
            Stop();
            return Paused;
        }

        if (line == Resume)
        {
            _consumer = Start();
            return Resumed;
        }

        if (line.StartsWith(Collect, StringComparison.Ordinal))
            return Result + JsonSerializer.Serialize(Figures(JsonSerializer.Deserialize<TimeSpan>(line[Collect.Length..])));

        throw new BenchException($"Not understood: {line}");
    }

    private Dictionary<string, double> Figures(TimeSpan limit)
    {
        var figures = Meter.Instance.Collect(limit);
        figures[Figure.StartMs] = _started.TotalMilliseconds;
        return figures;
    }

    private IConsumer Start()
    {
        _begin = Stopwatch.GetTimestamp();
        var consumer = _create();
        consumer.StartAsync().GetAwaiter().GetResult();
        _started = Stopwatch.GetElapsedTime(_begin);
        return consumer;
    }

    private void Stop() => _consumer.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
