namespace PgListener.Bench;

/// <summary>
/// What makes a process warm: several bursts with calm between them, since the runtime recompiles a hot method twice and each time
/// waits for a calm before it begins to count; and a large one, for what grows with the load.
/// </summary>
internal static class WarmUps
{
    private const int Small = 20_000;
    private const int SmallOnes = 4;
    private const int QuickSmallOnes = 2;

    public static IReadOnlyList<ILoad> Bursts(RunMode mode, int lanes = 1, int channels = 1)
    {
        var small = Enumerable.Repeat(Burst(Small), mode == RunMode.Full ? SmallOnes : QuickSmallOnes);
        return [.. small, Burst(mode == RunMode.Full ? 200_000 : 50_000)];

        ILoad Burst(int calls)
        {
            var burst = new Burst(calls / lanes, channels);
            return burst with { Order = burst.Order with { Lanes = lanes } };
        }
    }
}
