namespace PgListener.Bench;

/// <summary>What is wanted of a figure, as a rule in comparison with another case of the same repetition.</summary>
/// <param name="What">What it is about, for who reads the table of goals.</param>
/// <param name="Case">The name of the case.</param>
/// <param name="Figure">One of <see cref="Bench.Figure"/>.</param>
/// <param name="Baseline">The name of the case that it is compared with; <see langword="null"/> for a value of its own.</param>
/// <param name="Limit">What is wanted.</param>
internal sealed record Goal(string What, string Case, string Figure, string? Baseline, double Limit)
{
    /// <summary>Whether more than <see cref="Limit"/> is better.</summary>
    public bool IsAtLeast { get; init; }

    /// <summary>Whether the figure of <see cref="Baseline"/> is taken away, and not divided by.</summary>
    public bool IsDifference { get; init; }

    /// <summary>How much greater than the least value the greatest one may be; <see langword="null"/> for any.</summary>
    public double? Spread { get; init; }

    public Func<double, double, double> Compare => IsDifference ? Series.Difference : Series.Ratio;

    public bool IsReached(Series series)
        => (IsAtLeast ? series.Median >= Limit : series.Median <= Limit) && (Spread is not { } most || series.Most <= most * series.Least);
}
