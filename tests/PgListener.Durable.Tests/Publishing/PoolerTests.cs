using Npgsql;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>Publishing through a pooler in transaction mode.</summary>
public sealed class PoolerTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_ways_of_publishing_work()
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        PgBouncer? bouncer = null;
        try
        {
            await using var database = await LogDatabase.CreateAsync(server);
            bouncer = await PgBouncer.StartAsync(database.ConnectionString, "transaction");
            await using var pooled = NpgsqlDataSource.Create(bouncer.ConnectionString);
            var wakeUps = new RecordedWakeUps();
            await using var publisher = Durable.Publishing.DurablePublisher.Create(new NotificationPublisher(pooled), pooled, new(), wakeUps);
            await using var ear = await Ear.OpenAsync(database);

            await publisher.PublishAsync(new Order("own"), Cancellation);
            Assert.Equal("", await ear.NextAsync());
            await using var connection = await pooled.OpenConnectionAsync(Cancellation);
            await publisher.PublishManyAsync([new Order("b"), new Order("c")], connection, Cancellation);
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await publisher.PublishAsync(new Order("d"), transaction, Cancellation);
            await transaction.CommitAsync(Cancellation);
            Assert.Equal(4L, await database.QueryAsync<long>("select count(*) from pglistener.message"));
        }
        finally
        {
            if (bouncer is not null)
                await bouncer.DisposeAsync();
        }
    }
}
