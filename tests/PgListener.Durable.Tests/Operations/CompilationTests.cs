using PgListener.Testing;

namespace PgListener.Durable.Tests.Operations;

/// <summary>The server compiles what it takes for expensive. For our statements that would take a hundred times as long as running them, each time.</summary>
public class CompilationTests
{
    [Fact]
    public async Task Nothing_is_compiled_however_long_the_log_is()
    {
        var options = new EphemeralPostgresOptions
        {
            ServerSettings = { ["shared_preload_libraries"] = "pg_stat_statements", ["pg_stat_statements.track_utility"] = "off", ["autovacuum"] = "off", ["jit"] = "on", ["jit_above_cost"] = "1000" },
        };
        await using var server = await EphemeralPostgres.LaunchAsync(options, TestContext.Current.CancellationToken);
        await using var database = await LogDatabase.CreateAsync(server.ConnectionString);
        await database.ExecuteAsync("create extension pg_stat_statements");
        await database.ExecuteAsync("insert into pglistener.message (channel, bucket, payload) select 'c' || i % 5, 0, '{}' from generate_series(1, 100000) i");
        Assert.SkipUnless(await database.QueryAsync<bool>("select pg_jit_available()"), "This server cannot compile statements.");

        await using (var application = await Application.StartAsync(database.ConnectionString, Behaviour.Fails(1), configure => configure.MaxAttempts = 1))
        {
            await application.PublishAsync(new(1, "ann"), new(2, "ann"), new(3, "bob"));
            await application.UntilHandledAsync(3);
            await Application.UntilAsync(async () => (await application.ParkedAsync()).Count == 2, "Nothing is parked.");
            Assert.NotNull(await application.StatusAsync());
            application.Behaviour.Failing.Clear();
            await application.Channels.RequeueAllAsync(Application.Orders, null, TestContext.Current.CancellationToken);
            await application.UntilHandledAsync(3, 1, 2);
        }

        Assert.Equal("", await database.QueryAsync<string>("select coalesce(string_agg(query, E'\n\n'), '') from pg_stat_statements where jit_functions > 0 and query like '%pglistener.%' and query not like 'insert into pglistener.message (%generate_series%'"));
    }
}
