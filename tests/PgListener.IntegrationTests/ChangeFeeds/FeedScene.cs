using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.IntegrationTests.ChangeFeeds;

/// <summary>A schema of a test's own with a table and its feed, and a session that hears what the feed tells.</summary>
internal sealed partial class FeedScene : IAsyncDisposable
{
    private const string End = "the end";

    private readonly NpgsqlConnection _writer;
    private readonly NpgsqlConnection _ear;
    private readonly string _connectionString;
    private readonly List<string> _heard = [];
    private readonly List<string> _warnings = [];

    private FeedScene(NpgsqlConnection writer, NpgsqlConnection ear, string connectionString, string schema, ChangeFeed feed)
    {
        _writer = writer;
        _ear = ear;
        _connectionString = connectionString;
        Schema = schema;
        Feed = feed;
        _ear.Notification += (_, notification) => _heard.Add(notification.Payload);
        _writer.Notice += (_, notice) => _warnings.Add(notice.Notice.MessageText);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string ConnectionString => $"{_connectionString};Database={_writer.Database}";

    public string Schema { get; }

    public ChangeFeed Feed { get; }

    /// <summary>The warnings that the statements have raised.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The connection of the statements.</summary>
    public NpgsqlConnection Writer => _writer;

    /// <summary>Creates the table and installs the feed.</summary>
    /// <param name="server">The server.</param>
    /// <param name="tables">The statements that create what is needed. The schema is in the search path.</param>
    /// <param name="feed">Completes the feed of a table in the schema.</param>
    /// <param name="table">The table's name.</param>
    public static async Task<FeedScene> CreateAsync(ServerFixture server, string tables, Func<ChangeFeed, ChangeFeed> feed, string table = "products")
    {
        var schema = $"f{Guid.NewGuid():n}"[..20];
        var scene = new FeedScene(await server.Sender.OpenConnectionAsync(Cancellation), await server.Sender.OpenConnectionAsync(Cancellation), server.ConnectionString, schema, feed(ChangeFeed.For(schema, table)));
        await scene.ExecuteAsync($"create schema {schema}; set search_path = {schema}");
        await scene.ExecuteAsync(tables);
        await scene.ExecuteAsync(scene.Feed.Script);
        await using var listen = new NpgsqlCommand($"listen \"{scene.Feed.ChannelName.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", scene._ear);
        await listen.ExecuteNonQueryAsync(Cancellation);
        return scene;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _writer) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _writer);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>The payloads that statements are told with, without their times.</summary>
    public async Task<string[]> ToldAsync(string sql)
    {
        await ExecuteAsync(sql);
        return await HeardAsync();
    }

    /// <summary>What was heard since the last time, without times.</summary>
    public async Task<string[]> HeardAsync()
    {
        await ExecuteAsync($"select pg_notify('{Feed.ChannelName.Replace("'", "''", StringComparison.Ordinal)}', '{End}')");
        while (!_heard.Contains(End, StringComparer.Ordinal))
            await _ear.WaitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        string[] heard = [.. _heard.TakeWhile(payload => payload != End).Select(payload => Time().Replace(payload, ""))];
        _heard.Clear();
        Assert.All(heard, payload => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(payload), 1, 7_900));
        return heard;
    }

    /// <summary>The changes that statements are told with; <see langword="null"/> for one that anything may have changed.</summary>
    public async Task<Changes<FeedScene>?[]> ChangesAsync(string sql) => [.. (await ToldAsync(sql)).Select(Read)];

    public static Changes<FeedScene>? Read(string payload) => payload.EndsWith("\"all\":true}", StringComparison.Ordinal) ? null : Changes<FeedScene>.Parse(payload);

    /// <summary>What is wrong with the feed, as the check at the start of an application says.</summary>
    public async Task<string?> ProblemAsync(ChangeFeed? feed = null, string prefix = "")
    {
        await using var host = new TestHost(ConnectionString);
        host.Configuration["PgListener:ChannelPrefix"] = prefix;
        host.Services.AddPgListener().AddChangeFeed<FeedScene>(feed ?? Feed);
        await host.StartAsync();
        await host.WhenLoggedAsync(725);
        return host.Lines(722).SingleOrDefault();
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"rollback; set client_min_messages = error; drop schema {Schema} cascade; reset all"));
        await using (var unlisten = new NpgsqlCommand("unlisten *", _ear))
            await unlisten.ExecuteNonQueryAsync(CancellationToken.None);
        await _writer.DisposeAsync();
        await _ear.DisposeAsync();
    }

    [GeneratedRegex("\"at\":[0-9]+,", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Time();
}
