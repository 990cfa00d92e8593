using System.Data.Common;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Publishing on connections and transactions that are known as those of any database, or wrap Npgsql's as profilers do.</summary>
public sealed class WrappedConnectionTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sent_with_the_commit_or_not_at_all(bool wrapped)
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = await OpenAsync(wrapped);
        await publisher.PublishAsync(channel, "without a transaction", connection, Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "rolled back", transaction, Cancellation);
            await publisher.PublishManyAsync(channel, ["rolled", "back"], transaction, Cancellation);
            await transaction.RollbackAsync(Cancellation);
        }

        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "committed", transaction, Cancellation);
            await publisher.PublishManyAsync(channel, ["too", "as well"], connection, Cancellation);
            await publisher.PublishAsync(channel, "at once", Cancellation);
            await transaction.CommitAsync(Cancellation);
            Assert.StartsWith(
                "The transaction is over",
                (await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync(channel, "late", transaction, Cancellation))).Message,
                StringComparison.Ordinal);
        }

        await connection.CloseAsync();
        Assert.StartsWith(
            "The connection is closed",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync(channel, "late", connection, Cancellation))).Message,
            StringComparison.Ordinal);
        await ear.HeardAsync("without a transaction", "at once", "committed", "too", "as well");
    }

    [Fact]
    public async Task The_profiler_sees_the_command()
    {
        await using var publisher = server.Sender.CreatePublisher();
        await using var connection = new ProfiledConnection(await server.Sender.OpenConnectionAsync(Cancellation));
        await publisher.PublishAsync(NewChannel(), "x", connection, Cancellation);
        Assert.Contains("pg_notify", Assert.Single(connection.Executed), StringComparison.Ordinal);
    }

    private async Task<DbConnection> OpenAsync(bool wrapped)
    {
        var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        return wrapped ? new ProfiledConnection(connection) : connection;
    }
}
