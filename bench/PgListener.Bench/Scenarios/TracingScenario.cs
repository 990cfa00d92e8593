using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>What a call of a handler costs when traces are collected.</summary>
internal sealed class TracingScenario : IScenario
{
    private const string Off = "off";
    private const string SampledOut = "sampled out";

    private static readonly (string Name, ActivitySamplingResult? Decision)[] QuickSettings =
    [
        (Off, null),
        (SampledOut, ActivitySamplingResult.None),
    ];

    private static readonly (string Name, ActivitySamplingResult? Decision)[] Settings =
    [
        .. QuickSettings,
        ("sampled out, its number kept", ActivitySamplingResult.PropagationData),
        ("recorded", ActivitySamplingResult.AllDataAndRecorded),
    ];

    public string Name => "tracing";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Rate,
        Column.Ratio($"rate ÷ {Off}", Figure.Rate, _ => NameOf(Off)),
        Column.CpuNs,
        Column.Ratio($"CPU ÷ {Off}", Figure.CpuNs, _ => NameOf(Off)),
        Column.Bytes,
    ];

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new("traced and sampled out, CPU ÷ untraced", NameOf(SampledOut), Figure.CpuNs, NameOf(Off), 1.1),
        new("traced and sampled out, bytes a call more than untraced", NameOf(SampledOut), Figure.Bytes, NameOf(Off), 120) { IsDifference = true },
    ];

    public string Describe(RunMode mode)
        => $"One transaction with {Count(mode):N0} notifications, to a warm process with a typed handler whose traces somebody collects: nobody; somebody who wants no span, or an empty one that hands on the number of its trace, as OpenTelemetry's sampler decides for a root that it leaves out; or all.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. (mode == RunMode.Full ? Settings : QuickSettings).Select(each => new BenchCase(NameOf(each.Name), Kind.HandlerTransient, new Burst(Count(mode)))
        {
            Settings = new() { Tracing = each.Decision },
            WarmUp = WarmUps.Bursts(mode),
            Seconds = mode == RunMode.Full ? 5 : 2,
        })];

    private static int Count(RunMode mode) => mode == RunMode.Full ? 500_000 : 100_000;

    private static string NameOf(string setting) => $"{Kind.HandlerTransient}, {setting}";
}
