using System.Diagnostics;
using Npgsql;

namespace PgListener.Bench;

/// <summary>So many messages a second, each in a transaction of its own; several at a time, if commits take long.</summary>
internal sealed record PacedMessages(IMessaging Messaging, int PerSecond, int Seconds) : ILoad
{
    public MeterOrder Order => new() { Count = PerSecond * Seconds, IsShared = true, Latency = true, Arrivals = true };

    /// <summary>When each commit was known here, in ticks of the machine's monotonic clock; the index is the id.</summary>
    public long[] Committed { get; private set; } = [];

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        Committed = new long[Order.Count + 1];
        await using var sender = await Messaging.OpenSenderAsync(dataSource, cancellationToken);
        for (var i = 0; i < SenderPool.Size; i++)
            await sender.SendAsync(0, 0, cancellationToken);
        var sending = new List<Task>(Order.Count);
        await Task.Factory.StartNew(() => Send(sender, sending, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(sending);
    }

    /// <summary>On a thread of its own, since its pace is kept by sleeping.</summary>
    private void Send(IMessageSender sender, List<Task> sending, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var i = 1; i <= Order.Count; i++)
        {
            var due = TimeSpan.FromSeconds((double)(i - 1) / PerSecond);
            while (Stopwatch.GetElapsedTime(begin) < due)
                Thread.Sleep(1);
            var id = i;
            sending.Add(Task.Run(() => SendAsync(sender, id, cancellationToken), cancellationToken));
        }
    }

    private async Task SendAsync(IMessageSender sender, int id, CancellationToken cancellationToken)
    {
        await sender.SendAsync(id, Stopwatch.GetTimestamp(), cancellationToken);
        Committed[id] = Stopwatch.GetTimestamp();
    }
}
