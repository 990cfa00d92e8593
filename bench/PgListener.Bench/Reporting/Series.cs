namespace PgListener.Bench;

/// <summary>The values of a figure in the repetitions of one case.</summary>
/// <param name="Values">In ascending order.</param>
internal sealed record Series(IReadOnlyList<double> Values)
{
    public double Median => (Values[(Values.Count - 1) / 2] + Values[Values.Count / 2]) / 2;

    public double Least => Values[0];

    public double Most => Values[^1];

    /// <param name="samples">What was measured in the scenario.</param>
    /// <param name="name">The name of the case.</param>
    /// <param name="figure">One of <see cref="Figure"/>.</param>
    /// <param name="baseline">The case that it is compared with in the same repetition; <see langword="null"/> for none.</param>
    /// <param name="compare">Compares its value with the other one.</param>
    /// <returns>The values; <see langword="null"/> if there is none.</returns>
    public static Series? Of(IReadOnlyList<Sample> samples, string name, string figure, string? baseline, Func<double, double, double> compare)
    {
        List<double> values = [.. samples.Where(sample => sample.Case == name).Select(Value).OfType<double>().Order()];
        return values.Count == 0 ? null : new(values);

        double? Value(Sample sample)
        {
            if (baseline is null)
                return sample[figure];
            var compared = samples.FirstOrDefault(other => other.Case == baseline && other.Repetition == sample.Repetition);
            return sample[figure] is { } value && compared?[figure] is { } other and not 0 ? compare(value, other) : null;
        }
    }

    public static double Ratio(double value, double other) => value / other;

    public static double Difference(double value, double other) => value - other;

    /// <summary>Writes the median, and what is around it if there is more than one value.</summary>
    public string Write(Func<double, string> write)
        => Values.Count == 1 ? write(Median) : $"{write(Median)} ({write(Least)}–{write(Most)})";
}
