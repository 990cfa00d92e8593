using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Settings of roles and databases that would get in a listener's way, and rights that it does not have.</summary>
public sealed class RoleSettingsTests(ServerFixture server) : IAsyncLifetime
{
    private readonly string _name = $"s{Guid.NewGuid():n}";
    private readonly FakeLogCollector _log = new();
    private LoggerFactory? _loggers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ListenerOptions Options => new() { KeepAlive = TimeSpan.FromSeconds(1), LoggerFactory = _loggers ??= new([new FakeLoggerProvider(_log)], new LoggerFilterOptions { MinLevel = LogLevel.Debug }) };

    private string ConnectionString => $"{server.ConnectionString};Username={_name};Password=a secret;Database={_name}";

    public async ValueTask InitializeAsync()
        => await ExecuteAsync(server.ConnectionString, $"create role {_name} login password 'a secret'", $"create database {_name}");

    public async ValueTask DisposeAsync()
    {
        _loggers?.Dispose();
        await ExecuteAsync(server.ConnectionString, $"drop database {_name} with (force)", $"drop role {_name}");
    }

    public static TheoryData<string, bool> Settings => new()
    {
        { "idle_session_timeout = '500ms'", false },
        { "idle_session_timeout = '500ms'", true },
        { "statement_timeout = '2ms'", false },
        { "statement_timeout = '2ms'", true },
        { "lock_timeout = '1ms'", false },
        { "idle_in_transaction_session_timeout = '100ms'", false },
        { "default_transaction_read_only = on", false },
        { "client_min_messages = debug1", false },
        { "client_encoding = latin1", false },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task A_setting_of_the_role_does_not_get_in_the_way(string setting, bool isPooler)
    {
        Assert.SkipWhen(isPooler && PgBouncer.Executable is null, "PgBouncer is not installed.");
        await ExecuteAsync(server.ConnectionString, $"alter role {_name} set {setting}");
        await using var bouncer = isPooler ? await PgBouncer.StartAsync(ConnectionString + ";Server Compatibility Mode=NoTypeLoading", "session") : null;
        await using var listener = new Listener(bouncer?.ConnectionString ?? ConnectionString, Options);
        await ListensAndStaysAsync(listener);
    }

    [Fact]
    public async Task A_question_does_not_wait_for_a_transaction_of_somebody_else()
    {
        await ExecuteAsync(
            server.ConnectionString,
            $"alter role {_name} set default_transaction_isolation = serializable",
            $"alter role {_name} set default_transaction_deferrable = on",
            $"alter role {_name} set default_transaction_read_only = on");
        await using var writer = new NpgsqlConnection($"{server.ConnectionString};Database={_name};Pooling=false");
        await writer.OpenAsync(Cancellation);
        await using (var begin = new NpgsqlCommand("begin isolation level serializable; create table t (); select count(*) from t", writer))
            await begin.ExecuteNonQueryAsync(Cancellation);
        await using var listener = new Listener(ConnectionString, Options);
        await ListensAndStaysAsync(listener);
    }

    [Theory]
    [InlineData("lock_timeout")]
    [InlineData("statement_timeout")]
    public async Task A_time_limit_of_the_role_does_not_cut_off_what_has_to_wait_for_a_lock(string setting)
    {
        await ExecuteAsync(server.ConnectionString, $"alter role {_name} set {setting} = '50ms'");
        var options = Options;
        options.KeepAlive = TimeSpan.FromMinutes(1); // Nothing but a notification from a second connection wakes it.
        await using var listener = new Listener(ConnectionString, options);
        await listener.StartAsync(Cancellation).SoonAsync();

        // Of its database alone. Without its catalogue no function can be called that was not called before.
        await using var maintenance = new NpgsqlConnection($"{server.ConnectionString};Database={_name};Pooling=false");
        await maintenance.OpenAsync(Cancellation);
        await using var transaction = await maintenance.BeginTransactionAsync(Cancellation);
        await using (var hold = new NpgsqlCommand("lock table pg_catalog.pg_proc in access exclusive mode", maintenance))
            await hold.ExecuteNonQueryAsync(Cancellation);
        var asked = listener.GetListeningChannelsAsync(Cancellation);
        await using (var sleep = new NpgsqlCommand("select pg_sleep(1)", maintenance))
            await sleep.ExecuteNonQueryAsync(Cancellation);
        Assert.False(asked.IsCompleted);
        await transaction.CommitAsync(Cancellation);
        Assert.Empty(await asked.SoonAsync());
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Exception is not null);
    }

    [Theory]
    [InlineData("pg_notification_queue_usage()", 116)]
    [InlineData("pg_notify(text, text)", 107)]
    [InlineData("pg_listening_channels()", 0)]
    [InlineData("pg_postmaster_start_time()", 0)]
    public async Task A_server_that_refuses_a_question_is_alive(string function, int logged)
    {
        await ExecuteAsync($"{server.ConnectionString};Database={_name};Pooling=false", $"revoke execute on function {function} from public");
        await using var listener = new Listener(ConnectionString, Options);
        await listener.AddChannelAsync(NewChannel(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        var session = listener.Connection.ProcessID;
        if (function.StartsWith("pg_listening", StringComparison.Ordinal))
            Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => listener.GetListeningChannelsAsync(Cancellation).SoonAsync())).SqlState);
        await SilencesPassAsync(3);
        Assert.Equal((ListenerState.Listening, session), (listener.State, listener.Connection.ProcessID));
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Id.Id == 101);
        if (logged != 0)
            Assert.Single(_log.GetSnapshot(), record => record.Id.Id == logged);
    }

    [Fact]
    public async Task What_is_found_in_the_search_path_is_not_taken_for_the_servers_own()
    {
        var connectionString = $"{server.ConnectionString};Database={_name};Pooling=false";
        await ExecuteAsync(
            connectionString,
            "create schema odd",
            "create function odd.pg_notify(text, text) returns void language sql as ''",
            "create function odd.pg_notification_queue_usage() returns double precision language sql as 'select 0.99::double precision'",
            "create function odd.pg_listening_channels() returns setof text language sql as 'select ''odd'''",
            $"grant usage on schema odd to {_name}");
        await using var listener = new Listener($"{ConnectionString};Search Path=odd,pg_catalog", Options);
        var channel = await ListensAndStaysAsync(listener);
        Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation));
        Assert.Null(listener.Status.Problem);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_it_sets_for_itself_does_not_stay_in_a_pool_of_the_callers(bool noReset)
    {
        const string Look = "select string_agg(concat(name, '=', setting), ' ' order by name) from pg_settings where name ~ 'timeout|tcp_|client_|default_trans|synchronous_commit'";
        await using var callers = NpgsqlDataSource.Create($"{ConnectionString};Maximum Pool Size=2;No Reset On Close={noReset}");
        var before = await ScalarAsync(callers, Look);
        await using (var listener = callers.CreateListener(Options))
        {
            await listener.StartAsync(Cancellation).SoonAsync();
            Assert.NotNull(listener.Status.RoundTrip);
        }

        await using var first = await callers.OpenConnectionAsync(Cancellation);
        await using var second = await callers.OpenConnectionAsync(Cancellation);
        foreach (var connection in new[] { first, second })
        {
            await using var command = new NpgsqlCommand(Look, connection);
            Assert.Equal(before, await command.ExecuteScalarAsync(Cancellation));
        }
    }

    /// <summary>It is proven to hear, and keeps its session while nothing is sent.</summary>
    private async Task<string> ListensAndStaysAsync(Listener listener)
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        Assert.NotNull(listener.Status.RoundTrip);
        var session = listener.Connection.ProcessID;
        await SilencesPassAsync(3);
        await using (var sender = NpgsqlDataSource.Create($"{server.ConnectionString};Database={_name};Pooling=false"))
        {
            await using var command = sender.CreateCommand("select pg_notify($1, 'é')");
            command.Parameters.Add(new() { Value = channel });
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        Assert.Equal("é", await received.NextAsync());
        Assert.Equal((ListenerState.Listening, session), (listener.State, listener.Connection.ProcessID));
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Level >= LogLevel.Warning);
        return channel;
    }

    /// <summary>Paced by the server.</summary>
    private async Task SilencesPassAsync(double seconds)
    {
        await using var command = server.Sender.CreateCommand("select pg_sleep($1)");
        command.Parameters.Add(new() { Value = seconds });
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private static async Task ExecuteAsync(string connectionString, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }
}
