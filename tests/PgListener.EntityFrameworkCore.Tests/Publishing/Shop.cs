using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>An application with a database of its own, and a session that hears what it publishes.</summary>
internal sealed class Shop : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly NpgsqlConnection _ear;
    private readonly Queue<string> _heard = new();

    private Shop(string connectionString, ServiceProvider services, FakeLogCollector log)
    {
        ConnectionString = connectionString;
        Services = services;
        Log = log;
        _ear = new(connectionString);
        _ear.Notification += (_, e) => _heard.Enqueue($"{e.Channel}: {e.Payload}");
    }

    public string ConnectionString { get; }

    public ServiceProvider Services { get; }

    public FakeLogCollector Log { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Creates the database, and the application.</summary>
    /// <param name="server">The server.</param>
    /// <param name="register">Registers something else than a listener and <see cref="ShopContext"/>.</param>
    /// <param name="configure">Adds to the options of the contexts.</param>
    public static async Task<Shop> CreateAsync(ServerFixture server, Action<IServiceCollection, string>? register = null, Action<DbContextOptionsBuilder>? configure = null)
    {
        var connectionString = await server.CreateDatabaseAsync();
        var log = new FakeLogCollector();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(log)));
        (register ?? Register)(services, connectionString);
        var shop = new Shop(connectionString, services.BuildServiceProvider(), log);
        await shop._ear.OpenAsync(Cancellation);
        await shop.ExecuteAsync(ShopContext.Tables);
        await using var listen = new NpgsqlCommand("listen order_placed; listen stock_changed; listen order_billed; listen \"end\"", shop._ear);
        await listen.ExecuteNonQueryAsync(Cancellation);
        return shop;

        void Register(IServiceCollection services, string connectionString)
        {
            services.AddPgListener(connectionString: connectionString).AddDurableChannels();
            services.AddSingleton(provider => new NpgsqlDataSourceBuilder(connectionString).UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>()).Build());
            services.AddDbContext<ShopContext>((provider, options) =>
            {
                options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).UsePgListener();
                configure?.Invoke(options);
            });
        }
    }

    /// <summary>Runs something with a context of its own.</summary>
    public async Task RunAsync(Func<ShopContext, Task> run)
    {
        await using var scope = Services.CreateAsyncScope();
        await run(scope.ServiceProvider.GetRequiredService<ShopContext>());
    }

    /// <summary>What was sent since the last call: what is sent now comes right after it.</summary>
    public async Task<IReadOnlyList<string>> SentAsync()
    {
        await ExecuteAsync("notify \"end\"");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(Limit);
        var sent = new List<string>();
        while (true)
        {
            while (_heard.TryDequeue(out var heard))
            {
                if (heard == "end: ")
                    return sent;
                sent.Add(heard);
            }

            await _ear.WaitAsync(limit.Token);
        }
    }

    /// <summary>The statements with a text that the contexts have executed.</summary>
    public IReadOnlyList<string> Statements(string text)
        => [.. Log.GetSnapshot().Where(record => record.Category == "Npgsql.Command" && record.Message.StartsWith("Command execution completed", StringComparison.Ordinal)).Select(record => record.Message).Where(message => message.Contains(text, StringComparison.Ordinal))];

    /// <summary>The products of the orders.</summary>
    public Task<string> ProductsAsync() => QueryAsync<string>("select coalesce(string_agg(product, ' ' order by id), '') from orders");

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _ear.DisposeAsync();
        await Services.DisposeAsync();
    }
}
