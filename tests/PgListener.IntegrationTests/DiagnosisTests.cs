using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What is wrong is said in one line, with what to do about it, once.</summary>
public sealed class DiagnosisTests(ServerFixture server) : IDisposable
{
    private ListenerOptions Quick => new()
    {
        LoggerFactory = Loggers,
        KeepAlive = TimeSpan.FromSeconds(1),
        ReconnectDelay = TimeSpan.FromMilliseconds(10),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
    };

    private readonly FakeLogCollector _log = new();
    private LoggerFactory? _loggers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LoggerFactory Loggers => _loggers ??= new([new FakeLoggerProvider(_log)], new LoggerFilterOptions { MinLevel = LogLevel.Debug });

    public void Dispose() => _loggers?.Dispose();

    [Fact]
    public async Task Behind_a_pooler_in_transaction_mode_it_is_never_said_to_listen()
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        await using var bouncer = await PgBouncer.StartAsync(server.ConnectionString, "transaction");
        await using var listener = new Listener(bouncer.ConnectionString, Quick);
        await listener.AddChannelAsync(NewChannel(), Cancellation);
        var error = await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation).SoonAsync());
        Assert.Contains("Most likely the connection goes through a pooler in transaction mode", error.Message, StringComparison.Ordinal);

        listener.Start();
        await FailsAsync(listener, 3);
        Assert.Contains("Most likely the connection goes through a pooler in transaction mode", listener.Status.Problem, StringComparison.Ordinal);
        Assert.Equal(ListenerState.Connecting, listener.State);
        Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 102);
    }

    [Fact]
    public async Task Behind_a_pooler_in_session_mode_it_works()
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        var channel = NewChannel();
        var received = new Received<string>();
        await using var bouncer = await PgBouncer.StartAsync(server.ConnectionString, "session");
        await using var listener = new Listener(bouncer.ConnectionString, Quick);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        await server.NotifyAsync(channel, "heard");
        Assert.Equal("heard", await received.NextAsync());
        Assert.InRange(listener.Status.RoundTrip!.Value, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_connection_that_goes_deaf_later_is_found_by_the_periodic_proof()
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        await using var bouncer = await PgBouncer.StartAsync(server.ConnectionString, "transaction");
        var options = new ListenerOptions { LoggerFactory = Loggers, KeepAlive = TimeSpan.FromSeconds(1), ProveDelivery = false, ProveDeliveryInterval = TimeSpan.FromSeconds(1) };
        await using var listener = new Listener(bouncer.ConnectionString, options);
        var lost = new TaskCompletionSource<string?>();
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                lost.TrySetResult(change.Status.Problem);
        };
        await listener.StartAsync(Cancellation).SoonAsync(); // Nothing was proven, so it believes to listen.
        Assert.Contains("pooler in transaction mode", await lost.Task.SoonAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a data source of the caller's, whose pool is not empty
    public async Task Behind_a_pooler_that_was_switched_to_transaction_mode_it_is_not_said_to_listen_again(bool givenDataSource)
    {
        Assert.SkipWhen(PgBouncer.Executable is null, "PgBouncer is not installed.");
        await using var bouncer = await PgBouncer.StartAsync(server.ConnectionString, "session");
        var name = $"switched {givenDataSource}";
        var connectionString = $"{bouncer.ConnectionString};Minimum Pool Size=2;No Reset On Close=true;Application Name={name}";
        await using var callers = NpgsqlDataSource.Create(connectionString);
        await using var listener = givenDataSource ? callers.CreateListener(Quick) : new Listener(connectionString, Quick);
        await listener.StartAsync(Cancellation).SoonAsync();

        // Wakes from a second connection, which is kept for a while; unless the first has just woken by itself. A proof's connection ends at once.
        await KnowsAsync(async () =>
        {
            await listener.AddChannelAsync(NewChannel(), Cancellation).SoonAsync();
            return await SessionsAsync("select count(*) filter (where backend_start < now() - interval '1 second')", name) >= 2;
        }, "a second connection that is kept");

        Assert.NotNull(listener.Status.RoundTrip);

        var listenedAgain = false;
        listener.StateChanged += (_, change) => listenedAgain |= change.Status.State == ListenerState.Listening;
        await bouncer.SwitchAsync("transaction", Cancellation);

        // All of them, as a restart of the server would: what is kept in a pool dies unnoticed.
        Assert.InRange(await SessionsAsync("select count(pg_terminate_backend(pid))", name), 2, 10);

        await FailsAsync(listener, 3);
        Assert.False(listenedAgain);
        Assert.Equal(ListenerState.Reconnecting, listener.State);
        Assert.Contains("Most likely the connection goes through a pooler in transaction mode", listener.Status.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Id.Id == 107);

        await bouncer.SwitchAsync("session", Cancellation);
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync(30);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "Database=no_such_database", "3D000: database \"no_such_database\" does not exist. Check the database's name in the connection string.", "3D000" },
        { "Username=no_such_user", "28P01: password authentication failed for user \"no_such_user\". Check user name and password", "28P01" },
        { "Port=1", "Network error: Connection refused. Check host and port, and whether the server is running.", "" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_connection_string(string change, string problem, string sqlState)
    {
        var password = new NpgsqlConnectionStringBuilder(server.ConnectionString).Password ?? "a secret";
        await using var listener = new Listener($"{server.ConnectionString};{change};Password={password}", Quick);
        listener.Start();
        await FailsAsync(listener, 3);
        Assert.StartsWith(problem, listener.Status.Problem, StringComparison.Ordinal);
        var record = Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 102);
        Assert.Contains(problem, record.Message, StringComparison.Ordinal);
        Assert.Null(record.Exception);
        Assert.Equal(sqlState, (Assert.Single(_log.GetSnapshot(), entry => entry.Id.Id == 112).Exception as PostgresException)?.SqlState ?? "");
        Assert.DoesNotContain(_log.GetSnapshot(), entry => $"{entry.Message} {entry.Exception}".Contains(password, StringComparison.Ordinal));
        Assert.DoesNotContain(password, $"{listener.Status}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_permission()
    {
        var name = $"p{Guid.NewGuid():n}";
        foreach (var sql in new[] { $"create role {name} login password 'a secret'", $"create database {name}", $"revoke connect on database {name} from public" })
        {
            await using var command = server.Sender.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        await using (var listener = new Listener($"{server.ConnectionString};Username={name};Password=a secret;Database={name}", Quick))
        {
            listener.Start();
            await FailsAsync(listener, 2);
            Assert.StartsWith($"42501: permission denied for database \"{name}\". Give the user the privilege to connect", listener.Status.Problem, StringComparison.Ordinal);
            Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 102);
        }

        foreach (var sql in new[] { $"drop database {name}", $"drop role {name}" })
        {
            await using var command = server.Sender.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }

    [Fact]
    public async Task A_wrong_password()
    {
        await using var own = await TestServers.StartOwnAsync();
        var role = $"r{Guid.NewGuid():n}";
        await using (var sender = NpgsqlDataSource.Create(own.ConnectionString))
        {
            await using var create = sender.CreateCommand($"create role {role} login password 'right'");
            await create.ExecuteNonQueryAsync(Cancellation);
            await using var write = sender.CreateCommand($"copy (select 'host all {role} all scram-sha-256' union all select line from regexp_split_to_table(pg_read_file(current_setting('hba_file')), E'\\n') line) to program 'cat > pg_hba.new && cat pg_hba.new > pg_hba.conf'");
            await write.ExecuteNonQueryAsync(Cancellation);
            await using var reload = sender.CreateCommand("select pg_reload_conf()");
            await reload.ExecuteNonQueryAsync(Cancellation);
        }

        await using var listener = new Listener($"{own.ConnectionString};Username={role};Password=wrong", Quick);
        listener.Start();
        await FailsAsync(listener, 2);
        Assert.StartsWith("28P01: password authentication failed for user", listener.Status.Problem, StringComparison.Ordinal);
        Assert.EndsWith("Check user name and password of the connection string, and the server's pg_hba.conf.", listener.Status.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.GetSnapshot(), entry => $"{entry.Message} {entry.Exception}".Contains("wrong", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_notification_queue_that_fills_is_said_with_who_holds_it()
    {
        EphemeralPostgres own;
        try
        {
            // The queue can be made small from PostgreSQL 17 on, which the package has.
            own = await EphemeralPostgres.LaunchAsync(
                new() { Sources = PostgresSources.Npm, ServerSettings = { ["max_notify_queue_pages"] = "64" } }, Cancellation);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A PostgreSQL 17 or newer from npm is needed. {e.Message}");
            return;
        }

        await using var disposal = own;
        var host = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        host.Logging.AddProvider(new FakeLoggerProvider(_log));
        host.Services.AddPgListener(options =>
        {
            options.ConnectionString = own.ConnectionString;
            options.KeepAlive = TimeSpan.FromSeconds(1);
        });
        host.Services.AddHealthChecks().AddPgListener();
        using var app = host.Build();
        await app.StartAsync(Cancellation);
        var listener = app.Services.GetRequiredService<IPgListener>();
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();

        await using var sender = NpgsqlDataSource.Create(own.ConnectionString);
        await using var holder = new NpgsqlConnection(own.ConnectionString + ";Application Name=the holder;Pooling=false");
        await holder.OpenAsync(Cancellation);
        await ExecuteAsync(new("listen held", holder));
        await ExecuteAsync(new("begin", holder));
        await using (var fill = sender.CreateCommand("select pg_notify('held', repeat('x', 7000) || i) from generate_series(1, 45) i"))
            await fill.ExecuteNonQueryAsync(Cancellation);

        await KnowsAsync(listener, status => status.Problem is not null);
        Assert.InRange(listener.Status.QueueUsage!.Value, 0.5, 1);
        Assert.Contains($"process {holder.ProcessID} of user postgres (the holder, in a transaction since", listener.Status.Problem, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Degraded, (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation)).Status);

        await ExecuteAsync(new("rollback", holder));
        await KnowsAsync(listener, status => status.Problem is null);
        Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 108);
        await app.StopAsync(Cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlCommand command)
    {
        await using (command)
            await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<long> SessionsAsync(string select, string applicationName)
    {
        await using var command = server.Sender.CreateCommand($"{select} from pg_stat_activity where application_name = $1");
        command.Parameters.Add(new() { Value = applicationName });
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private static Task FailsAsync(Listener listener, int attempts)
        => KnowsAsync(() => listener.Status.FailedAttempts >= attempts, "failed attempts");

    private static Task KnowsAsync(IPgListener listener, Func<ListenerStatus, bool> condition)
        => KnowsAsync(() => condition(listener.Status), "a change of the status");

    private static Task KnowsAsync(Func<bool> condition, string what) => KnowsAsync(() => Task.FromResult(condition()), what);

    /// <summary>There is no signal for what is only noted, so this looks until it is there.</summary>
    private static async Task KnowsAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Timed out waiting for {what}.");
            await Task.Yield();
        }
    }
}
