using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Operations;

namespace PgListener.Durable.Tests.Operations;

/// <summary>The rights of a reader are enough for all operations.</summary>
public class RightsTests(ServerFixture server)
{
    [Fact]
    public async Task A_reader_may_operate()
    {
        var token = TestContext.Current.CancellationToken;
        var database = await server.CreateDatabaseAsync();
        var behaviour = Behaviour.Fails(2);
        await using var one = await Application.StartAsync(database, behaviour, options => options.MaxAttempts = 1);
        await one.PublishAsync(new(1), new(2), new(3));
        await one.UntilHandledAsync(1, 3);
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1, "It is not dead.");

        var role = $"reader_{Guid.NewGuid():n}";
        await using (var log = LogDatabase.Of(database))
        {
            var rights = await File.ReadAllTextAsync(Path.Combine(Repository, "src/PgListener.Durable/Schema/reader-rights.sql"), token);
            await log.ExecuteAsync($"create role {role} login password 'secret'; {rights.Replace("pglistener_reader", role, StringComparison.Ordinal)}");
        }

        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { Username = role, Password = "secret" }.ConnectionString);
        var channels = new DurableChannels(dataSource, "", new PlainClusterDiscovery(), new(new(TimeProvider.System), [], ""), TimeProvider.System, NullLogger.Instance);

        var status = await channels.GetStatusAsync(token);
        Assert.True(status.LogBytes > 0);
        Assert.NotNull(Assert.Single(status.Subscriptions).Shards[0].Holder);
        var dead = Assert.Single(await channels.GetDeadLettersAsync(cancellationToken: token));
        behaviour.Failing.Clear();
        Assert.Equal(1, await channels.RequeueAsync(Application.Orders, [dead.Id], token));
        await one.UntilHandledAsync(1, 3, 2);
        Assert.Equal(0, await channels.DeleteAsync(new ParkedMessageFilter(), token));
        await channels.ReplayAsync(Application.Orders, 1, token);
        await one.UntilHandledAsync(1, 3, 2, 1, 2, 3);
        await channels.PauseAsync(Application.Orders, token);
        await one.UntilAsync(shown => shown.Shards[0].Holder is null);
        await one.PublishAsync(new OrderPlaced(4));
        Assert.NotNull(await channels.SkipHeadAsync(Application.Orders, cancellationToken: token));
        await channels.ResumeAsync(Application.Orders, token);
        await one.StopAsync();
        await channels.RemoveAsync(Application.Orders, token);
        Assert.Empty(await channels.GetSubscriptionsAsync(token));
    }

    private static string Repository
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "PgListener.sln")))
                folder = Path.GetDirectoryName(folder)!;
            return folder;
        }
    }
}
