using Npgsql;

namespace PgListener.Samples.Tests;

/// <summary>The worker as a process, since how it ends is what it has to show.</summary>
public sealed class WorkerTests(Server server)
{
    private const string CountDone = "select count(*) from done";

    /// <summary>Sessions that have a job in hand and wait for <see cref="HoldJobsAsync"/>.</summary>
    private const string CountHeld = "select count(*) from pg_locks where not granted and relation = 'done'::regclass and database = (select oid from pg_database where datname = current_database())";

    private static readonly string[] NobodyThere = ["--PgListener:ConnectionString", "Host=127.0.0.1;Port=1;Username=nobody"];

    [Fact]
    public async Task It_does_what_was_there_before_it_and_what_comes_and_gives_up_what_fails_three_times()
    {
        await using var database = await server.CreateDatabaseAsync();
        using (var first = await StartAsync(database))
            await StopAsync(first);
        await database.ExecuteAsync("insert into jobs (queue, text) values ('mails', 'before@example.org')");

        using var worker = await StartAsync(database);
        await database.UntilAsync(CountDone, 1L);
        await database.ExecuteAsync("insert into jobs (queue, text) values ('mails', 'nobody'), ('mails', 'ada@example.org'), ('reports', 'March')");
        await database.UntilAsync(CountDone, 3L);

        Assert.Equal(
            "March has 5 letters; sent to ada@example.org; sent to before@example.org",
            await database.QueryAsync<string>("""select string_agg(result, '; ' order by result collate "C") from done"""));
        await database.UntilAsync("select attempts from jobs", 3);
        Assert.Contains("form required", await database.QueryAsync<string>("select problem from jobs"), StringComparison.Ordinal);
        await StopAsync(worker);
    }

    [Fact]
    public async Task It_does_as_many_jobs_at_a_time_as_was_set_and_no_queue_holds_up_the_other()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = await StartAsync(database);
        await using (var hold = await HoldJobsAsync(database))
        {
            await AddMailsAsync(database, 10);
            await database.UntilAsync(CountHeld, 4L);
            await database.ExecuteAsync("insert into jobs (queue, text) values ('reports', 'March'), ('reports', 'April')");
            await database.UntilAsync(CountHeld, 5L);
        }

        await database.UntilAsync(CountDone, 12L);
        await StopAsync(worker);
    }

    [Fact]
    public async Task A_job_of_which_no_notification_tells_is_done_after_the_next_reconnect()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = await StartAsync(database);
        await AddMailsAsync(database, 1);
        await database.UntilAsync(CountDone, 1L);

        await database.ExecuteAsync("alter table jobs disable trigger all; insert into jobs (queue, text) values ('mails', 'silent@example.org'); alter table jobs enable trigger all");
        await database.TerminateListenersAsync();

        await database.UntilAsync(CountDone, 2L);
        await StopAsync(worker);
    }

    [Fact]
    public async Task A_job_whose_connection_is_lost_is_done_all_the_same_though_nobody_wakes_the_worker_again()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = await StartAsync(database);
        await using (var hold = await HoldJobsAsync(database))
        {
            await AddMailsAsync(database, 4);
            await database.UntilAsync(CountHeld, 4L);
            Assert.Equal(4L, await database.QueryAsync<long>("select count(pg_terminate_backend(pid)) from pg_locks where not granted and relation = 'done'::regclass and database = (select oid from pg_database where datname = current_database())"));
        }

        await database.UntilAsync(CountDone, 4L);
        await StopAsync(worker);
    }

    [Fact]
    public async Task When_it_is_stopped_it_finishes_what_it_has_in_hand_begins_no_more_and_another_one_goes_on()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = await StartAsync(database);
        await using (var hold = await HoldJobsAsync(database))
        {
            await AddMailsAsync(database, 10);
            await database.UntilAsync(CountHeld, 4L);
            await worker.BeginToStopAsync();
        }

        Assert.Equal(0, await worker.ExitCodeAsync());
        Assert.Equal((4L, 6L), (await database.QueryAsync<long>(CountDone), await database.QueryAsync<long>("select count(*) from jobs")));

        var holdAgain = await HoldJobsAsync(database);
        using var another = SampleProcess.Start("Worker", database.ConnectionString);
        await database.UntilAsync(CountHeld, 4L);
        await holdAgain.DisposeAsync();
        await database.UntilAsync(CountDone, 10L);
        await StopAsync(another);
    }

    [Fact]
    public async Task A_job_that_takes_too_long_to_finish_is_left_to_another_one()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = await StartAsync(database, "--PgListener:DrainTimeout", "00:00:01");
        await using (var hold = await HoldJobsAsync(database))
        {
            await AddMailsAsync(database, 1);
            await database.UntilAsync(CountHeld, 1L);
            await worker.BeginToStopAsync();
            Assert.Equal(0, await worker.ExitCodeAsync());
        }

        Assert.Equal((0L, 1L), (await database.QueryAsync<long>(CountDone), await database.QueryAsync<long>("select count(*) from jobs")));
    }

    [Fact]
    public async Task Two_of_them_that_lose_all_their_connections_in_the_middle_of_it_do_every_job_once()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var one = await StartAsync(database);
        using var other = await StartAsync(database);
        await using (var hold = await HoldJobsAsync(database))
        {
            await AddMailsAsync(database, 200);
            await database.UntilAsync(CountHeld, 8L);
            await database.TerminateEverythingAsync();
        }

        // A job that were done twice would break the table's key, and one that were lost would be missing.
        await database.UntilAsync(CountDone, 200L);
        Assert.Equal(0L, await database.QueryAsync<long>("select count(*) from jobs"));
        await StopAsync(one);
        await StopAsync(other);
    }

    [Fact]
    public async Task If_it_cannot_hear_within_the_time_limit_it_ends_with_exit_code_1_and_one_line()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = SampleProcess.Start("Worker", database.ConnectionString, [.. NobodyThere, "--PgListener:StartupTimeout", "00:00:00.5"]);

        Assert.Equal(1, await worker.ExitCodeAsync());
        Assert.StartsWith("The server did not listen within PgListener:StartupTimeout", (await worker.ErrorsAsync()).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_stopped_before_it_has_come_to_work()
    {
        await using var database = await server.CreateDatabaseAsync();
        using var worker = SampleProcess.Start("Worker", database.ConnectionString, NobodyThere);
        await worker.ReadUntilAsync("127.0.0.1:1");

        await worker.BeginToStopAsync();

        Assert.Equal((0, ""), (await worker.ExitCodeAsync(), await worker.ErrorsAsync()));
    }

    /// <summary>Starts it and waits until it has dealt with what was there before. Until then, that one call takes the jobs, and with fewer at a time.</summary>
    private static async Task<SampleProcess> StartAsync(Database database, params string[] settings)
    {
        const string started = "Application started", caughtUp = "mails: caught up";
        var worker = SampleProcess.Start("Worker", database.ConnectionString, settings);
        var first = await worker.ReadUntilAsync($"{started}|{caughtUp}");
        await worker.ReadUntilAsync(first.Value == started ? caughtUp : started);
        return worker;
    }

    private static async Task StopAsync(SampleProcess worker)
    {
        await worker.BeginToStopAsync();
        Assert.Equal(0, await worker.ExitCodeAsync());
    }

    private static Task AddMailsAsync(Database database, int count)
        => database.ExecuteAsync($"insert into jobs (queue, text) select 'mails', 'a' || i || '@example.org' from generate_series(1, {count}) i");

    /// <summary>Keeps jobs from being finished, until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> HoldJobsAsync(Database database)
    {
        var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand("begin; lock table done in share mode", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
