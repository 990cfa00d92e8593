using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Publishing and listening on the application's own data source, of whatever kind it is.</summary>
public sealed class GivenDataSourceTests(ServerFixture server)
{
    private static readonly ListenerOptions Quick = new()
    {
        KeepAlive = TimeSpan.FromSeconds(1),
        ReconnectDelay = TimeSpan.FromMilliseconds(50),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(500),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Slim_without_arrays(bool coalescing)
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = new NpgsqlSlimDataSourceBuilder(server.ConnectionString).Build();
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = coalescing ? TimeSpan.FromMilliseconds(50) : null });
        string[] payloads = ["", "NULL", "{}", "a,b", "\"", "\\", "\\\"", "é😀 \r\n\t", new('"', 7_999)];
        await publisher.PublishManyAsync(channel, payloads, Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => publisher.PublishAsync(channel, $"{i % 2}", Cancellation)).ToArray()).SoonAsync();
        var heard = new List<string>();
        for (var i = 0; i < payloads.Length + 5; i++)
            heard.Add(await ear.NextAsync());
        Assert.Equal(payloads, heard[..payloads.Length]);
        string[] rest = [.. heard[payloads.Length..]];
        Assert.Equal(["0", "0", "0", "1", "1"], rest.Order(StringComparer.Ordinal));
        await ear.HeardAsync();
    }

    [Fact]
    public async Task More_values_than_a_statement_has_parameters()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = new NpgsqlSlimDataSourceBuilder(server.ConnectionString).Build();
        await using var publisher = dataSource.CreatePublisher();
        string[] payloads = [.. Enumerable.Range(0, 70_000).Select(i => $"{i}")];
        await publisher.PublishManyAsync(channel, payloads, Cancellation);
        await ear.HeardAsync(payloads);
    }

    [Fact]
    public async Task In_another_client_encoding()
    {
        var channel = NewChannel() + "_größe";
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { ClientEncoding = "LATIN1", Encoding = "iso-8859-1" });
        await using var publisher = dataSource.CreatePublisher();
        await publisher.PublishAsync(channel, "é", Cancellation);
        await publisher.PublishManyAsync(channel, ["ä", "ö"], Cancellation);
        await ear.HeardAsync("é", "ä", "ö");
    }

    [Fact]
    public async Task Coalesced_on_connections_that_multiplex()
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Multiplexing = true });
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromMilliseconds(50) });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => publisher.PublishAsync(channel, $"{i % 2}", Cancellation)).ToArray()).SoonAsync();
        await ear.HeardAsync([.. Enumerable.Range(0, 20).Select(i => $"{i % 2}")]);
    }

    [Fact]
    public async Task A_data_source_that_was_disposed_of_fails_the_publish_and_not_the_publisher()
    {
        var dataSource = NpgsqlDataSource.Create(server.ConnectionString);
        await using var publisher = dataSource.CreatePublisher();
        await using var coalescing = dataSource.CreatePublisher(new() { CoalesceWindow = TimeSpan.Zero });
        await dataSource.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => publisher.PublishAsync("c", "", Cancellation).SoonAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => coalescing.PublishAsync("c", "", Cancellation).SoonAsync());
        await using var connection = await server.Sender.OpenConnectionAsync(Cancellation);
        await publisher.PublishAsync("c", "", connection, Cancellation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_several_hosts_the_primary_is_found_and_found_again_after_a_switchover(bool slim)
    {
        await using var first = await LaunchAsync();
        await using var second = await first.LaunchStandbyAsync(Cancellation);
        var both = new NpgsqlConnectionStringBuilder(first.ConnectionString)
        {
            Host = $"127.0.0.1:{second.Port},127.0.0.1:{first.Port}",
            HostRecheckSeconds = 3600,
            Timeout = 2,
        }.ConnectionString;
        await using NpgsqlDataSource dataSource = slim ? new NpgsqlSlimDataSourceBuilder(both).BuildMultiHost() : NpgsqlDataSource.Create(both);
        await using var publisher = dataSource.CreatePublisher();
        var received = new Received<string>();
        await using var listener = dataSource.CreateListener(Quick);
        await using var subscription = await listener.SubscribeAsync("c", received.Payloads(), new() { OnResync = received.Reasons() }, Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        Assert.Equal("Started", await received.NextAsync());
        await publisher.PublishAsync("c", "from the first", Cancellation);
        Assert.Equal("from the first", await received.NextAsync());

        await first.StopAsync(Cancellation);
        await ExecuteAsync(second, "select pg_promote(true, 30)");
        Assert.Equal("Reconnected", await received.NextAsync(seconds: 60));
        await PublishedAsync(() => publisher.PublishAsync("c", "from the second", Cancellation));
        Assert.Equal("from the second", await received.NextAsync());
    }

    /// <summary>The cruellest case: no host was ever away, and what is remembered of each is wrong.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hosts_that_have_changed_their_roles_are_told_apart_anew(bool coalescing)
    {
        await using var first = await LaunchAsync();
        await using var second = await first.LaunchStandbyAsync(Cancellation);
        await using var a = FaultProxy.Start(first.ConnectionString);
        await using var b = FaultProxy.Start(second.ConnectionString);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(first.ConnectionString) { Host = $"{AddressOf(a)},{AddressOf(b)}", HostRecheckSeconds = 3600 });
        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = coalescing ? TimeSpan.Zero : null });
        var received = new Received<string>();
        await using var listener = dataSource.CreateListener(Quick);
        await using var subscription = await listener.SubscribeAsync("c", received.Payloads(), new() { OnResync = received.Reasons() }, Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        Assert.Equal("Started", await received.NextAsync());
        await publisher.PublishAsync("c", "before", Cancellation);
        Assert.Equal("before", await received.NextAsync());

        a.LeadTo(second.ConnectionString);
        b.LeadTo(first.ConnectionString);
        a.CloseAll();
        b.CloseAll();
        Assert.Equal("Reconnected", await received.NextAsync(seconds: 30));
        await PublishedAsync(() => publisher.PublishAsync("c", "after", Cancellation));
        Assert.Equal("after", await received.NextAsync());
    }

    /// <summary>A few attempts may fail on connections of before.</summary>
    private static async Task PublishedAsync(Func<Task> publish)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await publish().SoonAsync();
                return;
            }
            catch (Exception e) when (attempt < 5 && e is NpgsqlException or InvalidOperationException)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"{attempt}: {e.Message}");
            }
        }
    }

    private static string AddressOf(FaultProxy proxy)
    {
        var settings = new NpgsqlConnectionStringBuilder(proxy.ConnectionString);
        return $"{settings.Host}:{settings.Port}";
    }

    private static async Task<EphemeralPostgres> LaunchAsync()
    {
        try
        {
            return await EphemeralPostgres.LaunchAsync(new() { Sources = PostgresSources.Installed | PostgresSources.Npm }, Cancellation);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A standby needs a server outside a container. {e.Message}");
            throw;
        }
    }

    private static async Task ExecuteAsync(EphemeralPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
