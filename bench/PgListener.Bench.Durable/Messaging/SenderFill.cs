using Npgsql;

namespace PgListener.Bench;

/// <summary>Fills a queue through the library's own way of sending, for those whose messages cannot be written by hand.</summary>
internal static class SenderFill
{
    public static async Task FillAsync(IMessaging messaging, NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken)
    {
        await using var sender = await messaging.OpenSenderAsync(dataSource, cancellationToken);
        await Parallel.ForAsync(
            1L,
            count + 1L,
            new ParallelOptions { MaxDegreeOfParallelism = SenderPool.Size, CancellationToken = cancellationToken },
            async (id, token) => await sender.SendAsync(id, 0, token));
    }
}
