namespace PgListener.Bench;

/// <summary>One way of messaging in a database of its own, with a consumer in a process of its own.</summary>
internal sealed class MessagingCase : IAsyncDisposable
{
    private readonly IMessageSender _sender;

    private MessagingCase(BenchDatabase database, IMessageSender sender, ConsumerProcess consumer)
    {
        _sender = sender;
        Database = database;
        Consumer = consumer;
    }

    public BenchDatabase Database { get; }

    public ConsumerProcess Consumer { get; }

    /// <summary>Makes the tables, starts the consumer, and waits until a message has arrived.</summary>
    public static async Task<MessagingCase> StartAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var messaging = MessagingList.Find(benchCase.Consumer);
        var database = await server.CreateDatabaseAsync(cancellationToken);
        IMessageSender? sender = null;
        try
        {
            await messaging.PrepareAsync(database.DataSource, cancellationToken);
            sender = await messaging.OpenSenderAsync(database.DataSource, cancellationToken);
            var consumer = await ConsumerProcess.StartAsync(benchCase, database.DataSource, new MessageProbe(sender), cancellationToken);
            return new(database, sender, consumer);
        }
        catch
        {
            if (sender is not null)
                await sender.DisposeAsync();
            await database.DisposeAsync();
            throw;
        }
    }

    public async Task WarmUpAsync(BenchCase benchCase, CancellationToken cancellationToken)
    {
        foreach (var load in benchCase.WarmUp)
            await Consumer.MeasureAsync(load, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // Some take long to stop, of which nothing is measured.
        Consumer.Kill();
        await Consumer.DisposeAsync();
        await _sender.DisposeAsync();
        await Database.DisposeAsync();
    }
}
