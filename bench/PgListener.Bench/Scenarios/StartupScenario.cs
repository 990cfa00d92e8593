using System.Diagnostics;
using System.Globalization;

namespace PgListener.Bench;

/// <summary>How long it takes from the start of a process until it has handled a notification.</summary>
internal sealed class StartupScenario : IScenario
{
    private const string Native = "-native";
    private static readonly string[] Consumers = [Kind.HandWritten, Kind.HandlerTransient];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public string Name => "startup";

    public bool IsRehearsed => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("ms until the first is handled", Figure.StartMs, "0"),
        Column.Ratio($"time ÷ {Kind.HandWritten} alike", Figure.StartMs, Alike),
        new("CPU ms", Figure.CpuMs, "0"),
        Column.Ratio($"CPU ÷ {Kind.HandWritten} alike", Figure.CpuMs, Alike),
        new("MB", Figure.PeakMb, "0"),
    ];

    public string Describe(RunMode mode)
        => "From the start of the process of a small application until it has handled a notification, one of which is sent every 5 ms; processor time and memory are those of the process at that moment. "
            + $"`{Kind.HandWritten}` and `{Kind.HandlerTransient}` as above, with nothing else in the process, compiled while it runs{(mode == RunMode.Full ? $"; `{Native}`: natively, before" : "")}.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 10 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
    {
        var cases = Consumers.Select(consumer => new BenchCase(consumer, new FirstOne()) { Start = StartupProgram.StartInfo, Seconds = 1 });
        return mode == RunMode.Quick
            ? [.. cases]
            : [.. cases, .. Consumers.Select(consumer => new BenchCase(consumer + Native, new FirstOne()) { Start = _ => StartupProgram.NativeStartInfo(consumer), Seconds = 0.5 })];
    }

    public async Task<IReadOnlyList<Skip>> PrepareAsync(IReadOnlyList<string> consumers, CancellationToken cancellationToken)
    {
        var native = consumers.Where(consumer => consumer.EndsWith(Native, StringComparison.Ordinal)).ToList();
        return native.Count > 0 && await StartupProgram.CompileAsync(cancellationToken) is { } reason ? [.. native.Select(consumer => new Skip(consumer, reason))] : [];
    }

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        using var handled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = benchCase.Load.SendAsync(server.DataSource, handled.Token);
        var start = benchCase.Start(benchCase.Consumer);
        start.Environment[StartupProgram.ConnectionString] = server.DataSource.ConnectionString;
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        var begin = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        try
        {
            return Figures(await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Limit, cancellationToken), begin);
        }
        finally
        {
            await handled.CancelAsync();
            await sending;
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static Dictionary<string, double> Figures(string? line, long begin)
    {
        if (line?.StartsWith(StartupProgram.Handled, StringComparison.Ordinal) != true)
            throw new BenchException(line ?? "The application ended.");

        var values = line[StartupProgram.Handled.Length..].Split(' ').Select(value => long.Parse(value, CultureInfo.InvariantCulture)).ToList();
        return new(StringComparer.Ordinal)
        {
            [Figure.StartMs] = Stopwatch.GetElapsedTime(begin, values[0]).TotalMilliseconds,
            [Figure.CpuMs] = values[1] / 1e3,
            [Figure.PeakMb] = values[2] / 1e6,
        };
    }

    private static string Alike(BenchCase each) => Kind.HandWritten + (each.Name.EndsWith(Native, StringComparison.Ordinal) ? Native : "");
}
