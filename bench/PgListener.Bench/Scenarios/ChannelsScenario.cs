namespace PgListener.Bench;

/// <summary>How long it takes until a number of channels is listened to.</summary>
internal sealed class ChannelsScenario : IScenario
{
    private const int Most = 10_000;
    private const string Warm = ", fifth time";
    private const int WarmRehearsals = 4;
    private const int QuickMost = 1_000;
    private static readonly int[] Counts = [1, 10, 100, 1_000, Most];

    public string Name => "channels";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("ms until listening", Figure.StartMs, "0.0"),
        Column.Ratio($"time ÷ {Kind.Npgsql} alike", Figure.StartMs, each => Alike(Kind.Npgsql, each)),
        Column.Ratio($"time ÷ {Kind.NpgsqlOneByOne} alike", Figure.StartMs, each => Alike(Kind.NpgsqlOneByOne, each)),
    ];

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new($"{Most:N0}, without the proof ÷ one batch", NameOf(Kind.ListenerCallback, Most) + BenchCase.Unproven, Figure.StartMs, NameOf(Kind.Npgsql, Most), 1.2),
        new($"{Most:N0} added one after the other ÷ one LISTEN after the other", NameOf(Kind.ListenerAdded, Most) + BenchCase.Unproven, Figure.StartMs, NameOf(Kind.NpgsqlOneByOne, Most), 1.5),
        new($"{Most:N0} added at once ÷ one batch", NameOf(Kind.ListenerAddedAtOnce, Most) + BenchCase.Unproven, Figure.StartMs, NameOf(Kind.Npgsql, Most), 1.2),
    ];

    public string Describe(RunMode mode)
        => $"From the first call until all channels are listened to, connecting included, the second time in a process, or the fifth, for which more of the code has been compiled again. `{Kind.Npgsql}` sends one batch, `{Kind.NpgsqlOneByOne}` a command for each. "
            + $"The listener proves that notifications arrive, except where it is \"unproven\". `{Kind.ListenerCallback}` is told the channels before its start, the others after it: `{Kind.ListenerAdded}` one after the other, each awaited, `{Kind.ListenerAddedAtOnce}` without waiting in between. \"Alike\": with as many channels, as often.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => mode == RunMode.Full
            ? [.. Counts.SelectMany(OfAnyNumber), .. OfMany(Most), .. OfAnyNumber(Most).Concat(OfMany(Most)).Select(WarmUp)]
            : [.. OfAnyNumber(QuickMost), .. OfMany(QuickMost)];

    private static BenchCase[] OfAnyNumber(int channels)
        => [Case(Kind.Npgsql, channels), Case(Kind.ListenerCallback, channels), Case(Kind.ListenerCallback, channels).WithoutProofs()];

    /// <summary>One after the other is of interest only for very many.</summary>
    private static BenchCase[] OfMany(int channels)
        => [Case(Kind.NpgsqlOneByOne, channels), Case(Kind.ListenerAdded, channels).WithoutProofs(), Case(Kind.ListenerAddedAtOnce, channels).WithoutProofs()];

    private static BenchCase Case(string consumer, int channels) => new(NameOf(consumer, channels), consumer, new Silence(TimeSpan.Zero))
    {
        Settings = new() { Channels = channels, Rehearsals = 1 },
        Seconds = channels == Most ? 2 : 1,
    };

    private static BenchCase WarmUp(BenchCase each) => each with { Name = each.Name + Warm, Settings = each.Settings with { Rehearsals = WarmRehearsals }, Seconds = WarmRehearsals };

    private static string Alike(string consumer, BenchCase each) => NameOf(consumer, each.Settings.Channels) + (each.Settings.Rehearsals == WarmRehearsals ? Warm : "");

    private static string NameOf(string consumer, int channels) => $"{consumer}, {channels:N0} channel{(channels == 1 ? "" : "s")}";
}
