using Npgsql;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Streams;

/// <summary>Streams while the database cannot be read.</summary>
public class StreamOutageTests(ServerFixture server)
{
    [Fact]
    public async Task Sessions_that_are_ended_cost_no_message()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var live = await app.ReadFromNowAsync();
        for (var i = 1; i <= 20; i++)
        {
            await app.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
            await app.PublishTogetherAsync(i, i);
            Assert.Equal(i, (await live.NextAsync()).Value.Id);
        }
    }

    [Fact]
    public async Task A_restart_of_the_server_costs_no_message()
    {
        await using var own = await TestServers.StartOwnAsync();
        Assert.SkipWhen(own.WhyUnbreakable is not null, own.WhyUnbreakable ?? "");
        await using var app = await StreamingApp.StartAsync(own.ConnectionString);
        await using var live = await app.ReadFromNowAsync();
        await app.PublishAsync(1);
        Assert.Equal(1, (await live.NextAsync()).Value.Id);

        await own.StopAsync();
        var next = live.NextAsync();
        await using var waiting = app.Read(live.Position);
        var other = waiting.NextAsync();
        await own.StartAsync();
        NpgsqlConnection.ClearAllPools();
        await app.PublishTogetherAsync(2, 2);
        Assert.Equal((2, 2), ((await next).Value.Id, (await other).Value.Id));
    }

    [Fact]
    public async Task After_a_crash_of_the_server_the_streams_are_told_and_go_on()
    {
        await using var own = await TestServers.StartOwnAsync();
        Assert.SkipWhen(own.WhyUnbreakable is not null, own.WhyUnbreakable ?? "");
        await using var app = await StreamingApp.StartAsync(own.ConnectionString);
        await using var live = await app.ReadFromNowAsync();
        var position = live.Position;

        await own.KillAsync();
        var next = live.NextGapAsync();
        await own.StartAsync();
        var gap = await next;
        Assert.Equal(ResyncReason.Reconnected, gap.Reason);
        NpgsqlConnection.ClearAllPools();
        await using var former = app.Read(position);
        Assert.Equal(ResyncReason.Started, (await former.NextGapAsync()).Reason);
        await app.PublishTogetherAsync(1, 1);
        Assert.Equal((1, 1), ((await live.NextAsync()).Value.Id, (await former.NextAsync()).Value.Id));
    }

    [Fact]
    public async Task While_the_log_cannot_be_read_one_line_says_so_and_then_it_goes_on()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var live = await app.ReadFromNowAsync();
        await app.ExecuteAsync("alter table pglistener.removal rename to elsewhere");
        await app.PublishTogetherAsync(1, 1);
        var next = live.NextAsync();
        await Operations.Application.UntilAsync(() => Task.FromResult(app.Log.GetSnapshot().Any(line => line.Id.Id == 631)), "It does not try again.");
        Assert.Single(app.Log.GetSnapshot(), line => line.Id.Id == 630);
        Assert.False(next.IsCompleted);

        await app.ExecuteAsync("alter table pglistener.elsewhere rename to removal");
        Assert.Equal(1, (await next).Value.Id);
        await Operations.Application.UntilAsync(() => Task.FromResult(app.Log.GetSnapshot().Any(line => line.Id.Id == 632)), "It does not say that it goes on.");
    }
}
