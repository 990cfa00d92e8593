namespace PgListener.Bench;

/// <summary>Columns of the scenarios of durable channels.</summary>
internal static class DurableColumn
{
    public static Column ServerCpuUs { get; } = new("server CPU µs each", Figure.ServerCpuNs, "0.0", 1e3);

    /// <summary>What the others have of what PgListener has.</summary>
    public static Column OursTo(string what, string figure) => Column.Ratio(what, figure, MessagingName.PgListener) with { Format = "0.000" };
}
