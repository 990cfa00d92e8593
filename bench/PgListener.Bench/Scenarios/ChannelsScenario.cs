namespace PgListener.Bench;

/// <summary>How long it takes until very many channels are listened to.</summary>
internal sealed class ChannelsScenario : IScenario
{
    private const int Channels = 10_000;

    public string Name => "channels";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("ms until listening", Figure.StartMs, "0"),
        Column.Ratio("time", Figure.StartMs, Kind.Npgsql),
    ];

    public string Describe(RunMode mode)
        => $"From the first call until {Channels:N0} channels are listened to, connecting included, the second time in a process. `{Kind.Npgsql}` sends one batch, `{Kind.NpgsqlOneByOne}` a command for each; "
            + "the listener also proves that notifications arrive.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. new[] { Kind.Npgsql, Kind.NpgsqlOneByOne, Kind.ListenerCallback }.Select(consumer => new BenchCase(consumer, new Silence(TimeSpan.Zero))
        {
            Settings = new() { Channels = Channels, RehearseStart = true },
            Seconds = 3,
        })];
}
