using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.TestServer;
using WebApi.Tests;

namespace PgListener.Caching.Tests.Configuration;

/// <summary>A database with a table of settings, the way to it, and what is logged about it.</summary>
internal sealed class SettingsScene : IAsyncDisposable
{
    /// <summary>A part of each value, which must not be logged.</summary>
    public const string Secret = "s3cr3t";

    private readonly NpgsqlDataSource _admin;
    private readonly LoggerFactory _loggers;
    private readonly List<IDisposable> _configurations = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("settings").FullName;

    private SettingsScene(string connectionString)
    {
        _admin = NpgsqlDataSource.Create(connectionString);
        Proxy = FaultProxy.Start(connectionString);
        Log = FakeLogCollector.Create(new FakeLogCollectorOptions());
        _loggers = new([new FakeLoggerProvider(Log)], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
    }

    public FaultProxy Proxy { get; }

    public FakeLogCollector Log { get; }

    public string File => Path.Combine(_folder, "settings.json");

    public static async Task<SettingsScene> CreateAsync(ServerFixture server, bool hasTrigger = true)
    {
        var scene = new SettingsScene(await server.CreateDatabaseAsync());
        await scene.ExecuteAsync("create table app_settings (key text primary key, value text, app text)");
        if (hasTrigger)
            await scene.ExecuteAsync(new PostgresConfigurationOptions().Feed.Script);
        return scene;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public static async Task ExecuteAsync(string sql, NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = _admin.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task<NpgsqlConnection> OpenAsync() => await _admin.OpenConnectionAsync(TestContext.Current.CancellationToken);

    public Task SetAsync(string key, string value) => ExecuteAsync($"insert into app_settings values ('{key}', '{Secret} {value}') on conflict (key) do update set value = excluded.value");

    /// <summary>Builds a configuration, as an application does that has other sources too.</summary>
    public IConfigurationRoot Build(Action<PostgresConfigurationOptions>? configure = null, Action<IConfigurationBuilder>? more = null)
    {
        var builder = new ConfigurationManager();
        _configurations.Add(builder);
        Add(builder, configure);
        more?.Invoke(builder);
        return builder;
    }

    public void Add(IConfigurationBuilder builder, Action<PostgresConfigurationOptions>? configure = null)
        => builder.AddPostgres(Proxy.ConnectionString, options =>
        {
            options.LoggerFactory = _loggers;
            options.Listener.ReconnectDelay = options.Listener.MaxReconnectDelay = TimeSpan.FromMilliseconds(50);
            configure?.Invoke(options);
        });

    /// <summary>Waits until a setting has a value, by what the configuration says about its reloads.</summary>
    public static async Task UntilAsync(IConfiguration configuration, string key, string? value)
    {
        while (true)
        {
            var reloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = configuration.GetReloadToken().RegisterChangeCallback(static state => ((TaskCompletionSource)state!).TrySetResult(), reloaded);
            if (configuration[key] == (value is null ? null : $"{Secret} {value}"))
                return;
            await reloaded.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for a line of the log.</summary>
    public async Task<string> LoggedAsync(int id) => (await Eventually.GetAsync(() => Task.FromResult(Lines(id)), lines => lines.Length > 0))[0];

    public string[] Lines(int id) => [.. Log.GetSnapshot().Where(record => record.Id.Id == id).Select(record => record.Message)];

    /// <summary>Cuts every connection, and lets none be made.</summary>
    public void CutOff()
    {
        Proxy.Refuses = true;
        Proxy.ResetAll();
    }

    public async ValueTask DisposeAsync()
    {
        _configurations.ForEach(configuration => configuration.Dispose());
        await Proxy.DisposeAsync();
        await _admin.DisposeAsync();
        _loggers.Dispose();
        Directory.Delete(_folder, recursive: true);
        Assert.All(Log.GetSnapshot(), record => Assert.DoesNotContain(Secret, $"{record.Message} {record.Exception}", StringComparison.Ordinal));
    }
}
