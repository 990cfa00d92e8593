using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>One row of a scenario: a consumer and what it gets. Each repetition of it has a fresh process.</summary>
/// <param name="Name">What the row is called; no other row of the scenario has the name.</param>
/// <param name="Consumer">One of <see cref="Kind"/>.</param>
/// <param name="Load">What is measured.</param>
internal sealed record BenchCase(string Name, string Consumer, ILoad Load)
{
    /// <summary>The end of the name of a case in which the listener does not prove that notifications arrive.</summary>
    public const string Unproven = ", unproven";

    public BenchCase(string consumer, ILoad load)
        : this(consumer, consumer, load)
    {
    }

    public ConsumerSettings Settings { get; init; } = new();

    /// <summary>How its process is started; as a rule, this program is started once more.</summary>
    public Func<string, ProcessStartInfo> Start { get; init; } = consumer => OwnProgram.StartInfo(ConsumerProgram.Verb, consumer);

    /// <summary>What comes before, in the same process, and is not counted.</summary>
    public IReadOnlyList<ILoad> WarmUp { get; init; } = [];

    /// <summary>Further variables of the process's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>About how long it takes in total, to estimate the remaining time.</summary>
    public double Seconds { get; init; } = 3;

    /// <summary>The same without proofs that notifications arrive.</summary>
    public BenchCase WithoutProofs() => this with { Name = Name + Unproven, Settings = Settings with { ProveDelivery = false } };
}
