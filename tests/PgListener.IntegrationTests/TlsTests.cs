using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>TLS that fails is said with the reason that Npgsql and .NET leave out, and with what to set.</summary>
public sealed class TlsTests(TlsServer server) : IClassFixture<TlsServer>, IDisposable
{
    private readonly FakeLogCollector _log = new();
    private LoggerFactory? _loggers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ListenerOptions Quick => new()
    {
        LoggerFactory = _loggers ??= new([new FakeLoggerProvider(_log)], new LoggerFilterOptions { MinLevel = LogLevel.Debug }),
        ReconnectDelay = TimeSpan.FromMilliseconds(10),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
    };

    public void Dispose() => _loggers?.Dispose();

    [Theory]
    [InlineData(SslMode.VerifyFull)]
    [InlineData(SslMode.VerifyCA)]
    [InlineData(SslMode.Require)]
    public async Task With_the_right_certificate_it_listens(SslMode mode)
    {
        await server.ShowAsync("right");
        var channel = NewChannel();
        var received = new Received<string>();
        var connectionString = With(mode, mode == SslMode.Require ? null : server.Authority);
        await using var listener = new Listener(connectionString, Quick);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        await using var publisher = new NotificationPublisher(connectionString);
        await publisher.PublishAsync(channel, "heard", Cancellation);
        Assert.Equal("heard", await received.NextAsync());
        Assert.Null(listener.Status.Problem);
    }

    [Theory]
    [InlineData(SslMode.VerifyCA)]
    [InlineData(SslMode.VerifyFull)]
    public async Task Another_authority_is_named_with_the_setting_that_names_the_right_one(SslMode mode)
    {
        await server.ShowAsync("right");
        await SaysAsync(With(mode, server.OtherAuthority), "its authority 'PgListener tests' is not trusted", "Root Certificate");
    }

    [Theory]
    [InlineData(SslMode.VerifyCA)]
    [InlineData(SslMode.VerifyFull)]
    public async Task An_authority_that_nobody_has_named_is_named_with_the_setting_for_it(SslMode mode)
    {
        await server.ShowAsync("right");
        await SaysAsync(With(mode, null), "its authority 'PgListener tests' is not trusted", "Root Certificate");
    }

    [Fact]
    public async Task Another_host_name_is_said_with_both_names()
    {
        await server.ShowAsync("misnamed");
        var problem = await SaysAsync(With(SslMode.VerifyFull, server.Authority), "it is for 'db.example.org' and not for 'localhost'", "SSL Mode=VerifyCA");
        Assert.DoesNotContain("is not trusted", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_given_by_its_address_is_no_name_of_the_certificate()
    {
        await server.ShowAsync("right");
        await SaysAsync($"{With(SslMode.VerifyFull, server.Authority)};Host=127.0.0.1", "it is for 'localhost' and not for '127.0.0.1'", "Host");
    }

    [Theory]
    [InlineData(SslMode.VerifyCA)]
    [InlineData(SslMode.VerifyFull)]
    public async Task An_expired_certificate_is_said_with_its_date(SslMode mode)
    {
        await server.ShowAsync("expired");
        var problem = await SaysAsync(
            With(mode, server.Authority), string.Create(CultureInfo.InvariantCulture, $"it expired on {TlsServer.Expiry.LocalDateTime:yyyy-MM-dd}: renew it on the server"), "TLS failed");
        Assert.DoesNotContain("is not trusted", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("and not for", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_certificate_is_said_at_once()
    {
        await server.ShowAsync("expired");
        await SaysAsync($"{With(SslMode.VerifyFull, server.OtherAuthority)};Host=127.0.0.1", "it expired on", "is not trusted", "not for '127.0.0.1'");
    }

    [Theory]
    [InlineData(SslMode.Require)]
    [InlineData(SslMode.VerifyCA)]
    [InlineData(SslMode.VerifyFull)]
    public async Task A_server_without_tls_is_said_with_the_setting_that_demands_it(SslMode mode)
    {
        await server.ShowAsync(null);
        await SaysAsync(With(mode, mode == SslMode.Require ? null : server.Authority), "TLS failed. The server does not offer it.", "SSL Mode=Prefer");
    }

    [Fact]
    public async Task A_root_certificate_that_is_not_there_is_said_with_its_name()
    {
        await server.ShowAsync("right");
        await SaysAsync(With(SslMode.VerifyFull, "/no/such/root.crt"), "/no/such/root.crt", "Root Certificate");
    }

    [Fact]
    public async Task With_a_data_source_of_the_callers_it_says_the_same()
    {
        await server.ShowAsync("misnamed");
        await using var callers = NpgsqlDataSource.Create(With(SslMode.VerifyFull, server.Authority));
        await using var listener = callers.CreateListener(Quick);
        await SaysAsync(listener, "it is for 'db.example.org' and not for 'localhost'", "SSL Mode=VerifyCA");
    }

    private string With(SslMode mode, string? authority) => $"{server.ConnectionString};SSL Mode={mode}{(authority is null ? "" : $";Root Certificate={authority}")}";

    private async Task<string> SaysAsync(string connectionString, params string[] parts)
    {
        await using var listener = new Listener(connectionString, Quick);
        return await SaysAsync(listener, parts);
    }

    /// <summary>Its problem, the error of its start and the line in its log have all the parts, in one line.</summary>
    private async Task<string> SaysAsync(Listener listener, params string[] parts)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => listener.StartAsync(Cancellation).SoonAsync());
        listener.Start();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (listener.Status.FailedAttempts < 2)
        {
            Assert.False(limit.IsCancellationRequested, "Timed out waiting for failed attempts.");
            await Task.Yield();
        }

        var problem = listener.Status.Problem!;
        var line = Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 102).Message;
        Assert.All(parts, part => Assert.Contains(part, problem, StringComparison.Ordinal));
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', problem);
        return problem;
    }
}
