using Npgsql;

namespace PgListener.Bench;

/// <summary>Several writers that share a publisher, each with the next notification as soon as its last one is committed.</summary>
/// <param name="Writers">How many of them.</param>
/// <param name="Count">Notifications in total.</param>
/// <param name="CoalesceWindow">How long publishes wait for others to share a transaction with; <see langword="null"/> for a transaction of its own for each.</param>
internal sealed record ManyPublishers(int Writers, int Count, TimeSpan? CoalesceWindow) : ILoad
{
    public MeterOrder Order => new() { Count = Count };

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = CoalesceWindow });
        await Task.WhenAll(Enumerable.Range(1, Writers).Select(first => Task.Run(() => WriteAsync(first, publisher, cancellationToken), cancellationToken)));
    }

    private async Task WriteAsync(int first, NotificationPublisher publisher, CancellationToken cancellationToken)
    {
        for (var id = first; id <= Count; id += Writers)
            await publisher.PublishAsync(Payload.Channel, Payload.Write(id), cancellationToken);
    }
}
