using Npgsql;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Membership;

/// <summary>What happens to the shards of an instance that is gone.</summary>
public class TakeoverTests(ServerFixture server)
{
    private static readonly TimeSpan Quickly = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_killed_session_is_followed_by_another_and_its_run_is_stopped()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the first run");
        var first = instance.Runner.All.Single();
        var holder = (await LockTable.ReadAsync(database.DataSource)).Holders[0];

        await database.ExecuteAsync($"select pg_terminate_backend({holder})");
        var took = await LockTable.UntilAsync(() => instance.Runner.All.Count == 2, "the second run");

        Assert.True(first.IsStopping);
        Assert.InRange(took, TimeSpan.Zero, Quickly);
        Assert.NotEqual(holder, (await LockTable.ReadAsync(database.DataSource)).Holders[0]);
        Assert.Contains(instance.Warnings, line => line.Contains("57P01", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_instance_goes_on_within_two_seconds_after_a_process_was_killed()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        using var process = MemberProcess.Start(database.ConnectionString, TimeSpan.FromSeconds(5));
        await LockTable.WaitAsync(database.DataSource, table => table.Holders.Count == 1);
        var holder = (await LockTable.ReadAsync(database.DataSource)).Holders[0];
        await using var other = new MemberInstance(database.ConnectionString);
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 2);
        Assert.Equal(holder, (await LockTable.ReadAsync(database.DataSource)).Holders[0]);

        process.Kill();
        var took = await LockTable.UntilAsync(() => other.Runner.Running.Count == 1, "the run of the other instance");

        Assert.InRange(took, TimeSpan.Zero, Quickly);
    }

    [Fact]
    public async Task A_frozen_process_loses_its_shards_within_the_session_timeout()
    {
        var timeout = TimeSpan.FromSeconds(3);
        await using var database = await LogDatabase.CreateAsync(server);
        using var process = MemberProcess.Start(database.ConnectionString, timeout);
        await LockTable.WaitAsync(database.DataSource, table => table.Holders.Count == 1);
        await using var other = new MemberInstance(database.ConnectionString, timeout);
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 2);

        await process.SignalAsync("STOP");
        var took = await LockTable.UntilAsync(() => other.Runner.Running.Count == 1, "the run of the other instance");
        await process.SignalAsync("CONT");

        Assert.InRange(took, TimeSpan.FromSeconds(1), timeout + Quickly);

        // It finds out, and becomes a member again.
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 2);
        Assert.Single(other.Runner.Running);
    }

    [Fact]
    public async Task A_stopped_instance_waits_for_its_calls_and_then_hands_over_at_once()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var call = new TaskCompletionSource();
        await using var first = new MemberInstance(database.ConnectionString, TimeSpan.FromSeconds(2), new() { CallsEnd = call.Task });
        await LockTable.UntilAsync(() => first.Runner.Running.Count == 1, "the first run");
        await using var second = new MemberInstance(database.ConnectionString);
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 2);

        // The calls take longer than the session timeout.
        var stop = first.StopAsync();
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 1);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken); // The time is what is tested.
        Assert.Single(first.Runner.Running);
        Assert.Empty(second.Runner.All);

        call.SetResult();
        var took = await LockTable.UntilAsync(() => second.Runner.Running.Count == 1, "the run of the second instance");
        await stop;

        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Empty(first.Warnings);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_calls_beyond_its_limit()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString, runner: new() { CallsEnd = Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken) });
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");

        await instance.StopAsync(TimeSpan.FromMilliseconds(200));

        Assert.True(Assert.Single(instance.Runner.All).WasCancelled);
        await LockTable.WaitAsync(database.DataSource, table => table.Holders.Count == 0 && table.Members.Count == 0);
    }

    [Fact]
    public async Task A_restart_of_the_server_is_survived()
    {
        await using var own = await TestServers.StartOwnAsync();
        await using var dataSource = NpgsqlDataSource.Create(own.ConnectionString);
        await LogDatabase.CreateSchemaAsync(dataSource);
        await using var instance = new MemberInstance(own.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 4)]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 4, "the runs");

        await own.StopAsync();
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 0, "the end of the runs");
        await own.StartAsync();

        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 4, "the runs after the restart");
        Assert.Equal(8, instance.Runner.All.Count);
    }
}
