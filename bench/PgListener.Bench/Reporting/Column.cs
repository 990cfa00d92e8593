namespace PgListener.Bench;

/// <summary>A column of a scenario's table: a figure, or its ratio to the same figure of another case in the same repetition.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Figure">One of <see cref="Bench.Figure"/>.</param>
/// <param name="Format">How a value is written.</param>
/// <param name="Divisor">What a value is divided by before it is written.</param>
/// <param name="Baseline">For a ratio, the name of the case that one is compared with; <see langword="null"/> for one that is compared with nothing.</param>
internal sealed record Column(string Title, string Figure, string Format, double Divisor = 1, Func<BenchCase, string?>? Baseline = null)
{
    public static Column Rate { get; } = new("M/s", Bench.Figure.Rate, "0.00", 1e6);

    public static Column RateInThousands { get; } = new("k/s", Bench.Figure.Rate, "0.0", 1e3);

    public static Column CpuNs { get; } = new("CPU ns each", Bench.Figure.CpuNs, "0");

    public static Column CpuUs { get; } = new("CPU µs each", Bench.Figure.CpuNs, "0.0", 1e3);

    public static Column Bytes { get; } = new("bytes each", Bench.Figure.Bytes, "0");

    public static Column Ratio(string what, string figure, string baseline) => Ratio($"{what} ÷ {baseline}", figure, _ => baseline);

    public static Column Ratio(string title, string figure, Func<BenchCase, string?> baseline) => new(title, figure, "0.00", Baseline: baseline);
}
