namespace PgListener.Durable.Tests;

/// <summary>Messages whose ids are below those that were handled before them, because they were committed late.</summary>
public class LateCommitTests(ServerFixture server)
{
    [Fact]
    public async Task A_message_that_was_committed_late_is_acknowledged()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var late = await Session.OpenAsync(database.DataSource);
        var walker = await Walker.CreateAsync(database);
        var walk = await walker.StartAsync();
        await late.BeginAsync();
        await late.PublishAsync("late");
        await database.ExecuteAsync("select pglistener.publish('a', 'early')");
        walk.Wake(hasRetries: false);
        await walker.WhenHandledAsync(1);
        await late.CommitAsync();
        walk.Wake(hasRetries: false);
        await walker.WhenHandledAsync(2);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        walk = await walker.StartAsync("two");
        await database.ExecuteAsync("select pglistener.publish('a', 'last')");
        walk.Wake(hasRetries: false);
        await walker.WhenHandledAsync(3);
        await walk.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["early", "late", "last"], walker.Handled);
    }
}
