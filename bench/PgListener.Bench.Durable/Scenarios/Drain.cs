namespace PgListener.Bench;

/// <summary>How a drain is measured.</summary>
internal static class Drain
{
    private const int WarmUpMessages = 20_000;

    /// <summary>Several, since the runtime recompiles a hot method twice and waits for a calm before it begins to count; one where hardly anything gets hot.</summary>
    public static IReadOnlyList<ILoad> WarmUps(IMessaging messaging, int count)
        => [.. Enumerable.Repeat(new Waiting(messaging, Math.Max(1, Math.Min(WarmUpMessages, count) / messaging.Share)), count < WarmUpMessages ? 1 : 3)];

    /// <summary>Stops the consumer, lets the messages be there, and measures from the consumer's new start.</summary>
    public static async Task<Dictionary<string, double>> MeasureAsync(MessagingCase running, Waiting waiting, BenchServer server, CancellationToken cancellationToken)
    {
        if (!waiting.Messaging.Keeps)
            return await running.Consumer.MeasureAsync(waiting, cancellationToken);

        await running.Consumer.PauseAsync(cancellationToken);
        await waiting.SendAsync(running.Database.DataSource, cancellationToken);
        await running.Database.ExecuteAsync("VACUUM ANALYZE", cancellationToken);
        await server.ExecuteAsync("CHECKPOINT", cancellationToken);
        await running.Consumer.ArmAsync(waiting.Order, cancellationToken);
        var before = server.ProcessorTime();
        await running.Consumer.ResumeAsync(cancellationToken);
        var figures = await running.Consumer.CollectAsync(cancellationToken);
        figures[Figure.ServerCpuNs] = (server.ProcessorTime() - before).TotalNanoseconds / waiting.Count;
        return figures;
    }
}
