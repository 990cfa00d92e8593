namespace PgListener.Bench;

/// <summary>Waits until the process is idle: after a warm-up, methods are recompiled in the background for a while.</summary>
internal static class Calm
{
    private const int EnoughCalm = 3;
    private const int MostSpans = 60;
    private static readonly TimeSpan Span = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Little = TimeSpan.FromMilliseconds(1);

    public static void Wait()
    {
        var calm = 0;
        for (var i = 0; i < MostSpans && calm < EnoughCalm; i++)
        {
            var before = Usage.ProcessorTime();
            Thread.Sleep(Span);
            calm = Usage.ProcessorTime() - before < Little ? calm + 1 : 0;
        }
    }
}
