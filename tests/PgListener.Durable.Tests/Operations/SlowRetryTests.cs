namespace PgListener.Durable.Tests.Operations;

/// <summary>A message that has stepped aside, and is handled again for a long time.</summary>
public class SlowRetryTests(ServerFixture server)
{
    [Fact]
    public async Task While_it_is_handled_the_looks_are_as_far_apart_as_if_there_was_nothing()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, new() { Waiting = 1 });
        await using var log = LogDatabase.Of(database);
        await one.UntilAsync(static status => status.Shards.Count > 0);
        await log.ExecuteAsync("""
            insert into pglistener.retry (subscription, message, bucket, payload, published_at, attempts, next_at)
            select id, 1, 0, '{"id":1}', now(), 1, now() from pglistener.subscription
            """);
        await one.Behaviour.Entered;

        await Application.UntilAsync(
            async () =>
            {
                var before = one.Channels.GetStatistics().Looks;
                await Task.Delay(TimeSpan.FromMilliseconds(1_500), TestContext.Current.CancellationToken); // What is measured.
                return one.Channels.GetStatistics().Looks - before <= 3;
            },
            "It goes on to look.");
        one.Behaviour.Release();
        await one.UntilHandledAsync(1);
        await Application.UntilAsync(async () => await log.QueryAsync<long>("select count(*) from pglistener.retry") == 0, "It is still there.");
    }
}
