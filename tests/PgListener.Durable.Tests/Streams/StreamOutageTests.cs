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

    [Fact]
    public async Task A_log_that_cannot_be_read_is_not_tried_again_for_each_message()
    {
        await using var app = await StreamingApp.StartAsync(
            await server.CreateDatabaseAsync(), options => options.PollInterval = TimeSpan.FromMilliseconds(100), listener => listener.ReconnectDelay = listener.MaxReconnectDelay = TimeSpan.FromMinutes(1));
        await using var live = await app.ReadFromNowAsync();
        await app.ExecuteAsync("alter table pglistener.removal rename to elsewhere");
        for (var i = 1; i <= 10; i++)
        {
            var looks = app.Channels.GetStatistics().Looks;
            await app.PublishAsync(i);
            await Operations.Application.UntilAsync(() => Task.FromResult(app.Channels.GetStatistics().Looks >= looks + 2), "It does not look.");
        }

        Assert.Single(app.Log.GetSnapshot(), line => line.Id.Id is 630 or 631);
    }

    [Fact]
    public async Task A_stream_that_begins_while_the_rest_of_a_window_cannot_be_read_begins_after_it()
    {
        await using var app = await StreamingApp.StartAsync(
            await server.CreateDatabaseAsync(), options => (options.PageSize, options.PollInterval, options.SessionTimeout) = (1, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)), listener => listener.MaxReconnectDelay = TimeSpan.FromMilliseconds(50));
        await using var live = await app.ReadFromNowAsync();
        var next = live.NextAsync();

        // A time that .NET does not know.
        await app.ExecuteAsync("""
            begin;
            select pglistener.publish('order_placed', '{"id":1}', wake => false), pglistener.publish('order_placed', '{"id":2}');
            update pglistener.message set at = '200000-01-01' where payload = convert_to('{"id":2}', 'UTF8');
            commit
            """);
        Assert.Equal(1, (await next).Value.Id);
        await AgainAsync(1);
        await using var other = app.Read();
        var began = other.NextGapAsync();
        await AgainAsync(3);
        Assert.False(began.IsCompleted);

        next = live.NextAsync();
        await app.ExecuteAsync("""update pglistener.message set at = now() where payload = convert_to('{"id":2}', 'UTF8')""");
        Assert.Equal(2, (await next).Value.Id);
        Assert.Equal(ResyncReason.Started, (await began).Reason);

        Task AgainAsync(int times)
        {
            var upto = app.Log.GetSnapshot().Count(line => line.Id.Id == 631) + times;
            return Operations.Application.UntilAsync(() => Task.FromResult(app.Log.GetSnapshot().Count(line => line.Id.Id == 631) >= upto), "It does not try again.");
        }
    }
}
