using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Retention;

/// <summary>Subscriptions that nobody runs any more.</summary>
public class SubscriptionTests(ServerFixture server)
{
    [Fact]
    public async Task The_subscription_of_an_instance_goes_when_it_is_gone_for_ten_minutes()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var (gone, shared, fresh) = (await scene.SubscribeAsync(instance: "gone"), await scene.SubscribeAsync(), await scene.SubscribeAsync(instance: "fresh"));
        await scene.Database.ExecuteAsync(
            $"""
            insert into pglistener.retry (subscription, message, bucket, payload, published_at, attempts, next_at) select id, 1, 0, 'x', now(), 1, now() from pglistener.subscription;
            insert into pglistener.loss (subscription, shard, since, until, messages) select id, 0, now(), now(), 1 from pglistener.subscription;
            update pglistener.subscription set seen_at = now() - interval '11 minutes' where id <> {fresh}
            """);
        await using var member = await Session.OpenAsync(scene.Database.DataSource);
        await member.ExecuteAsync($"select pg_advisory_lock_shared({AdvisoryKey.Of(gone, AdvisoryKey.MemberSlot)})");

        await scene.KeepAsync();
        Assert.Equal(3L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.subscription")); // It cannot note that it is alive, but it is.

        await member.ExecuteAsync("select pg_advisory_unlock_all()");
        await scene.KeepAsync();
        foreach (var (table, column) in ((string, string)[])[("subscription", "id"), ("position", "subscription"), ("retry", "subscription"), ("loss", "subscription")])
            Assert.Equal($"{shared} {fresh}", await scene.Database.QueryAsync<string>($"select string_agg({column}::text, ' ' order by {column}) from pglistener.{table}"));
        Assert.Single(scene.LinesOf(666));
    }

    [Fact]
    public async Task A_subscription_that_no_application_runs_is_reported_once_a_day_while_messages_wait_for_it()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var (waiting, idle, run) = (await scene.SubscribeAsync(name: "waiting"), await scene.SubscribeAsync(name: "idle"), await scene.SubscribeAsync(name: "run"));
        await scene.PublishAsync(0, "1");
        await scene.PassAsync(idle);
        await scene.Database.ExecuteAsync("update pglistener.subscription set seen_at = now() - interval '2 hours'");
        await using var member = await Session.OpenAsync(scene.Database.DataSource);
        await member.ExecuteAsync($"select pg_advisory_lock_shared({AdvisoryKey.Of(run, AdvisoryKey.MemberSlot)})");

        await scene.KeepAsync();
        await scene.KeepAsync();
        var line = Assert.Single(scene.LinesOf(667));
        Assert.Contains("'waiting' on the durable channel 'a'", line, StringComparison.Ordinal);

        // What it says to do.
        await scene.Database.ExecuteAsync($"DELETE FROM pglistener.subscription WHERE id = {waiting}");
        await scene.KeepAsync();
        Assert.Equal(0L, await scene.Database.QueryAsync<long>($"select count(*) from pglistener.position where subscription = {waiting}"));
    }
}
